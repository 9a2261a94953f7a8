/** What one has declared of one's days, in the month that is shown; and declaring more of it. */

import { today } from '@internationalized/date';
import { allPages, api, data, newKey } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Assignment, Availability, Weekday } from '../api/types';
import { readAssignments } from '../calls/server';
import { Attempt } from '../me/attempt.svelte';
import { session } from '../session/session.svelte';
import { type CalendarDate, startOf } from '../time/calendar';
import { type Instant, instant, timestamp } from '../time/zone';
import { coveringOf, isDeclared, marksOn, period, runs, weekdaysOf } from './month';

type Kind = Availability['kind'];
/** What is declared of a time. */
interface Said {
  kind: Kind;
  start_at: string;
  end_at: string;
  note?: string | null;
  repeat?: { days: Weekday[]; until: string } | null;
}
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
  /** What was sent without an answer yet: for the same choice it is sent again under its key. */
  #unanswered: { text: string; key: string } | null = null;
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
  readonly covering = $derived(coveringOf(this.#chosen, this.#entries, session.org.timezone));

  isChosen(day: CalendarDate): boolean {
    return this.#chosen.some((one) => one.compare(day) === 0);
  }

  toggle(day: CalendarDate): void {
    const rest = this.#chosen.filter((one) => one.compare(day) !== 0);
    this.#choose(rest.length === this.#chosen.length ? [...rest, day] : rest);
  }

  clear(): void {
    this.#choose([]);
  }

  /** Another choice is another wish: what became of the last one is not said of it, and its key is not used for it. */
  #choose(days: readonly CalendarDate[]): void {
    this.#chosen = days;
    this.declared.done = false;
    this.declared.failure = null;
    this.#unanswered = null;
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
    const range = inMonth(month);
    try {
      const [entries, calls] = await Promise.all([this.#read(range), readAssignments(range)]);
      if (month.compare(this.#month) !== 0) return;
      this.#entries = entries;
      this.#accepted = calls.filter(({ status }) => status === 'ACCEPTED');
      this.#loaded = month;
      this.failure = null;
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  /** Whether the chosen days say just that already: then there is nothing to send. */
  says(kind: Kind): boolean {
    return this.free.length === 0 && this.covering.every(({ entry }) => entry.kind === kind);
  }

  /**
   * Declares the chosen days: consecutive ones as one period; or with `until` as one series of their weekdays. What said otherwise
   * of them, or with `null` whatever was said, is taken back for these days: what is left of it is declared anew before it goes.
   */
  async declare(kind: Kind | null, until: CalendarDate | null): Promise<void> {
    const [month, chosen] = [this.#month, this.#chosen];
    await this.declared.make(async () => {
      // What is shown may be old, or an attempt may have stopped halfway: only what is missing by now is sent.
      const entries = await this.#read(inMonth(month));
      const { missing, replaced } = this.#work(kind, until, chosen, entries);
      try {
        for (const body of missing) await this.#post(body);
        for (const { entry } of replaced) await this.#delete(entry.id);
        this.clear();
      } finally {
        await this.load();
      }
    });
  }

  #work(kind: Kind | null, until: CalendarDate | null, chosen: readonly CalendarDate[], entries: readonly Availability[]) {
    const zone = session.org.timezone;
    const covering = coveringOf(chosen, entries, zone);
    const replaced = covering.filter(({ entry }) => entry.kind !== kind);
    const said = covering.filter((one) => !replaced.includes(one)).flatMap(({ days }) => days);
    const open = kind === null ? [] : runs(chosen.filter((day) => !said.includes(day)));
    const periods = until === null ? open : open.slice(0, 1).map((run) => run.slice(0, 1));
    const repeat = until === null ? null : { days: weekdaysOf(chosen), until: timestamp(startOf(until, zone)) };
    const rests = replaced.flatMap(({ entry, rest }) =>
      rest.map((times) => ({ kind: entry.kind, note: entry.note, ...times })),
    );
    const missing = [
      ...periods.map((run) => ({ kind: kind ?? 'available', repeat, ...period(run, zone) })),
      ...rests.filter((rest) => !entries.some((entry) => isSame(entry, rest))),
    ];
    return { missing, replaced };
  }

  async #post(said: Said): Promise<void> {
    const body = { user_id: this.#user(), ...said };
    const text = JSON.stringify(body);
    const key = this.#unanswered?.text === text ? this.#unanswered.key : newKey();
    this.#unanswered = { text, key };
    data(await api.POST('/api/v1/availabilities', { params: { header: { 'Idempotency-Key': key } }, body }));
    this.#unanswered = null;
  }

  async remove(entry: Availability, extent: Extent): Promise<void> {
    await this.removed.make(async () => {
      let first: Availability | undefined = entry;
      if (extent === 'series') {
        const from = Math.min(instant(entry.start_at), startOf(this.today, session.org.timezone));
        first = (await this.#read({ from })).find(({ series_id }) => series_id === entry.series_id);
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

  #read({ from, to }: { from: Instant; to?: Instant }): Promise<Availability[]> {
    const range = { from: timestamp(from), ...(to === undefined ? {} : { to: timestamp(to) }) };
    return allPages((cursor) => {
      const query = { user_id: [this.#user()], limit: 1000, ...range, ...(cursor === undefined ? {} : { cursor }) };
      return api.GET('/api/v1/availabilities', { params: { query } });
    });
  }

  #user(): string {
    return session.me.user_id ?? '';
  }
}

function inMonth(month: CalendarDate): { from: Instant; to: Instant } {
  const zone = session.org.timezone;
  return { from: startOf(month, zone), to: startOf(month.add({ months: 1 }), zone) };
}

/** Whether something says it already; what was rejected may be declared again. */
function isSame(entry: Availability, { kind, start_at, end_at }: Said): boolean {
  const sameTimes = instant(entry.start_at) === instant(start_at) && instant(entry.end_at) === instant(end_at);
  return entry.kind === kind && entry.status !== 'REJECTED' && sameTimes;
}
