/** What one has declared of one's days, in the month that is shown; and declaring more of it. */

import { today } from '@internationalized/date';
import { allPages, api, data, newKey } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Availability } from '../api/types';
import { Attempt } from '../me/attempt.svelte';
import { session } from '../session/session.svelte';
import { type CalendarDate, startOf } from '../time/calendar';
import { timestamp } from '../time/zone';
import { isDeclared, marksOn, period, runs, weekdaysOf } from './month';

type Kind = Availability['kind'];

export class Availabilities {
  readonly today: CalendarDate = today(session.org.timezone);
  #month = $state.raw<CalendarDate>(this.today.set({ day: 1 }));
  #entries = $state.raw<readonly Availability[]>([]);
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

  /** Whether what is shown is of the month that is shown. */
  readonly loaded = $derived(this.#loaded?.compare(this.#month) === 0);

  get chosen(): readonly CalendarDate[] {
    return this.#chosen;
  }

  /** Those of the chosen days of which something can be declared. */
  readonly free = $derived(
    this.#chosen.filter((day) => !isDeclared(marksOn(day, this.#entries, session.org.timezone))),
  );

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
    const from = timestamp(startOf(month, zone));
    const to = timestamp(startOf(month.add({ months: 1 }), zone));
    try {
      const entries = await allPages((cursor) => {
        const query = { user_id: [this.#user()], from, to, ...(cursor === undefined ? {} : { cursor }) };
        return api.GET('/api/v1/availabilities', { params: { query } });
      });
      if (month.compare(this.#month) !== 0) return;
      this.#entries = entries;
      this.#loaded = month;
      this.failure = null;
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  /** Declares the chosen days: consecutive ones as one period; or with `until` as one series of their weekdays. */
  async declare(kind: Kind, until: CalendarDate | null): Promise<void> {
    const zone = session.org.timezone;
    const periods = until === null ? runs(this.free) : runs(this.free).slice(0, 1).map((run) => run.slice(0, 1));
    const repeat =
      until === null ? null : { days: weekdaysOf(this.free), until: timestamp(startOf(until, zone)) };
    const waiting = periods.map((run) => ({ ...period(run, zone), key: newKey() }));
    await this.declared.make(async () => {
      // Tried again, it goes on where it stopped.
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        const { key, ...times } = next;
        const body = { user_id: this.#user(), kind, repeat, ...times };
        data(await api.POST('/api/v1/availabilities', { params: { header: { 'Idempotency-Key': key } }, body }));
        waiting.shift();
      }
      this.clear();
      await this.load();
    });
  }

  async remove(entry: Availability, following: boolean): Promise<void> {
    await this.removed.make(async () => {
      const query = following ? { series: 'following' as const } : {};
      try {
        await api.DELETE('/api/v1/availabilities/{id}', { params: { path: { id: entry.id }, query } });
      } catch (error) {
        // Removed meanwhile.
        if (!(error instanceof Refused && error.is('not_found'))) throw error;
      }
      await this.load();
    });
  }

  #user(): string {
    return session.me.user_id ?? '';
  }
}
