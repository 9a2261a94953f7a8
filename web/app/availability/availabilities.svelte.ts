/** What one has declared of one's days, in the month that is shown; and declaring more of it. */

import { today } from '@internationalized/date';
import { allPages, api, data, newKey } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Assignment, Availability } from '../api/types';
import { readAssignments } from '../calls/server';
import { Attempt } from '../me/attempt.svelte';
import { session } from '../session/session.svelte';
import { type CalendarDate, startOf } from '../time/calendar';
import { instant, timestamp } from '../time/zone';
import { isDeclared, marksOn, period, runs, weekdaysOf, without } from './month';

type Kind = Availability['kind'];
/** Of a series: this one, with those after it, or all that are not over. */
export type Extent = 'one' | 'following' | 'series';

export class Availabilities {
  readonly today: CalendarDate = today(session.org.timezone);
  #month = $state.raw<CalendarDate>(this.today.set({ day: 1 }));
  #entries = $state.raw<readonly Availability[]>([]);
  #accepted = $state.raw<readonly Assignment[]>([]);
  #loaded = $state.raw<CalendarDate | null>(null);
  #chosen = $state.raw<readonly CalendarDate[]>([]);
  failure = $state.raw<Failure | null>(null);
  readonly declared = new Attempt();
  readonly removed = new Attempt();

  get month(): CalendarDate {
    return this.#month;
  }

  get entries(): readonly Availability[] {
    return this.#entries;
  }

  /** The accepted calls of the month. */
  get accepted(): readonly Assignment[] {
    return this.#accepted;
  }

  /** Whether what is shown is of the month that is shown. */
  readonly loaded = $derived(this.#loaded?.compare(this.#month) === 0);

  get chosen(): readonly CalendarDate[] {
    return this.#chosen;
  }

  /** Those of the chosen days of which nothing is declared. */
  readonly free = $derived(
    this.#chosen.filter((day) => !isDeclared(marksOn(day, this.#entries, session.org.timezone))),
  );

  /** What is declared of the chosen days, and what would be left of it without them. */
  readonly covering = $derived.by(() => {
    const zone = session.org.timezone;
    return this.#entries.flatMap((entry) => {
      const days = this.#chosen.filter((day) => isDeclared(marksOn(day, [entry], zone)));
      return days.length === 0 ? [] : [{ entry, days, rest: without(entry, days, zone) }];
    });
  });

  isChosen(day: CalendarDate): boolean {
    return this.#chosen.some((one) => one.compare(day) === 0);
  }

  toggle(day: CalendarDate): void {
    const rest = this.#chosen.filter((one) => one.compare(day) !== 0);
    this.#chosen = rest.length === this.#chosen.length ? [...rest, day] : rest;
  }

  clear(): void {
    this.#chosen = [];
  }

  /** Shows another month. What was chosen of the last one is forgotten: it could not be seen any more. */
  async show(month: CalendarDate): Promise<void> {
    this.#month = month;
    this.clear();
    await this.load();
  }

  /** Keeps it up to date until the answer is called. No event says that a planner has decided, so it is read when looked at. */
  use(): () => void {
    void this.load();
    const wake = (): void => {
      if (document.visibilityState === 'visible') void this.load();
    };
    document.addEventListener('visibilitychange', wake);
    addEventListener('online', wake);
    return () => {
      document.removeEventListener('visibilitychange', wake);
      removeEventListener('online', wake);
    };
  }

  async load(): Promise<void> {
    const month = this.#month;
    const zone = session.org.timezone;
    const from = startOf(month, zone);
    const to = startOf(month.add({ months: 1 }), zone);
    try {
      const [entries, calls] = await Promise.all([
        this.#read({ from: timestamp(from), to: timestamp(to) }),
        readAssignments({ from, to }),
      ]);
      if (month.compare(this.#month) !== 0) return;
      this.#entries = entries;
      this.#accepted = calls.filter(({ status }) => status === 'ACCEPTED');
      this.#loaded = month;
      this.failure = null;
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  /**
   * Declares the chosen days: consecutive ones as one period; or with `until` as one series of their weekdays. What said otherwise
   * of them, or with `null` whatever was said, is taken back for these days: what is left of it is declared anew before it goes.
   */
  async declare(kind: Kind | null, until: CalendarDate | null): Promise<void> {
    const zone = session.org.timezone;
    const replaced = this.covering.filter(({ entry }) => entry.kind !== kind);
    const said = this.covering.filter((one) => !replaced.includes(one)).flatMap(({ days }) => days);
    const open = kind === null ? [] : runs(this.#chosen.filter((day) => !said.includes(day)));
    const periods = until === null ? open : open.slice(0, 1).map((run) => run.slice(0, 1));
    const repeat =
      until === null ? null : { days: weekdaysOf(this.#chosen), until: timestamp(startOf(until, zone)) };
    const waiting = [
      ...periods.map((run) => ({ kind: kind ?? 'available', repeat, ...period(run, zone) })),
      ...replaced.flatMap(({ entry, rest }) => rest.map((times) => ({ kind: entry.kind, note: entry.note, ...times }))),
    ].map((one) => ({ body: { user_id: this.#user(), ...one }, key: newKey() }));
    await this.declared.make(async () => {
      // Tried again, it goes on where it stopped.
      try {
        for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
          const { key, body } = next;
          data(await api.POST('/api/v1/availabilities', { params: { header: { 'Idempotency-Key': key } }, body }));
          waiting.shift();
        }
        for (const { entry } of replaced) await this.#delete(entry.id);
      } catch (error) {
        // What was done of it is seen, so that declaring it once more does not do that again.
        await this.load();
        throw error;
      }
      this.clear();
      await this.load();
    });
  }

  async remove(entry: Availability, extent: Extent): Promise<void> {
    await this.removed.make(async () => {
      let first: Availability | undefined = entry;
      if (extent === 'series') {
        const from = Math.min(instant(entry.start_at), startOf(this.today, session.org.timezone));
        first = (await this.#read({ from: timestamp(from) })).find(({ series_id }) => series_id === entry.series_id);
      }
      if (first !== undefined) await this.#delete(first.id, extent === 'one' ? {} : { series: 'following' });
      await this.load();
    });
  }

  async #delete(id: string, query: { series?: 'following' } = {}): Promise<void> {
    try {
      await api.DELETE('/api/v1/availabilities/{id}', { params: { path: { id }, query } });
    } catch (error) {
      // Removed meanwhile.
      if (!(error instanceof Refused && error.is('not_found'))) throw error;
    }
  }

  #read(range: { from: string; to?: string }): Promise<Availability[]> {
    return allPages((cursor) => {
      const query = { user_id: [this.#user()], limit: 1000, ...range, ...(cursor === undefined ? {} : { cursor }) };
      return api.GET('/api/v1/availabilities', { params: { query } });
    });
  }

  #user(): string {
    return session.me.user_id ?? '';
  }
}
