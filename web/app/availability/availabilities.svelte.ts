/** What one has declared of one's days, in the month that is shown; and declaring more of it. */

import { today } from '@internationalized/date';
import { allPages, api, data, newKey } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Assignment, Availability } from '../api/types';
import { readAssignments } from '../calls/server';
import { Attempt } from '../me/attempt.svelte';
import { session } from '../session/session.svelte';
import { type CalendarDate, startOf } from '../time/calendar';
import { DAY, type Instant, instant, timestamp } from '../time/zone';
import { type Change, MOST, type Said, changeTo, everyWeek, isDeclared, marksOn } from './month';

type Kind = Availability['kind'];

interface Range {
  from: Instant;
  to: Instant;
}

/** What is left of a period may be as far from the days that were chosen: no period is longer. */
const AROUND = 32 * DAY;

export class Availabilities {
  readonly today: CalendarDate = today(session.org.timezone);
  #month = $state.raw<CalendarDate>(this.today.set({ day: 1 }));
  #entries = $state.raw<readonly Availability[]>([]);
  #accepted = $state.raw<readonly Assignment[]>([]);
  /** Of what time these are known. */
  #known = $state.raw<Range | null>(null);
  #chosen = $state.raw<readonly CalendarDate[]>([]);
  #repeat = $state.raw<{ until: CalendarDate | null } | null>(null);
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

  /** Those of the month that is shown. */
  readonly inMonth = $derived.by(() => {
    const { from, to } = monthOf(this.#month);
    return this.#entries.filter(({ start_at, end_at }) => instant(start_at) < to && instant(end_at) > from);
  });

  /** The accepted calls of the same time. */
  get accepted(): readonly Assignment[] {
    return this.#accepted;
  }

  /** Whether what is shown is of the month that is shown. */
  readonly loaded = $derived(covers(this.#known, monthOf(this.#month)));

  get chosen(): readonly CalendarDate[] {
    return this.#chosen;
  }

  get isWeekly(): boolean {
    return this.#repeat !== null;
  }

  /** The days that are meant: those chosen, and where they are repeated every week, all later ones. */
  readonly days = $derived.by(() => {
    if (this.#repeat === null) return this.#chosen;
    return this.#repeat.until === null ? [] : everyWeek(this.#chosen, this.#repeat.until);
  });

  /** Whether they are repeated until no day, or too often. */
  readonly isWrong = $derived(this.#chosen.length > 0 && (this.days.length === 0 || this.days.length > MOST));

  /** The month, and until the last of the days. */
  readonly #range: Range = $derived.by(() => {
    const { from, to } = monthOf(this.#month);
    const last = this.isWrong ? undefined : this.days.at(-1);
    return { from, to: last === undefined ? to : Math.max(to, startOf(last.add({ days: 1 }), session.org.timezone)) };
  });

  /** Whether all that is declared of the days is known. */
  readonly isCounted = $derived(covers(this.#known, this.#range));

  /** Of how many of the days something is declared, be it of a part. */
  readonly taken = $derived(
    this.days.filter((day) => isDeclared(marksOn(day, this.#entries, session.org.timezone))).length,
  );

  /** Whether something that was approved is to be approved again, as some of its days go. */
  readonly reopens = $derived(
    this.#change(null).replaced.some(({ entry, rest }) => entry.status === 'APPROVED' && rest.length > 0),
  );

  /** Whether there are accepted calls on the days. */
  readonly meetsCalls = $derived(
    this.days.some((day) => marksOn(day, this.#accepted, session.org.timezone).length > 0),
  );

  isChosen(day: CalendarDate): boolean {
    return this.#chosen.some((one) => one.compare(day) === 0);
  }

  toggle(day: CalendarDate): void {
    const rest = this.#chosen.filter((one) => one.compare(day) !== 0);
    this.#choose(rest.length === this.#chosen.length ? [...rest, day] : rest, this.#repeat);
  }

  /** Repeats the choice every week until a day, which is null while none is named; or with null, no more. */
  repeat(repeat: { until: CalendarDate | null } | null): void {
    this.#choose(this.#chosen, repeat);
  }

  clear(): void {
    this.#choose([], null);
  }

  /** Another choice is another wish: what became of the last one is not said of it, and its key is not used for it. */
  #choose(days: readonly CalendarDate[], repeat: { until: CalendarDate | null } | null): void {
    this.#chosen = days;
    this.#repeat = repeat;
    this.declared.done = false;
    this.declared.failure = null;
    this.#unanswered = null;
    if (repeat !== null && !this.isCounted) void this.load();
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
    const range = this.#range;
    try {
      const [entries, calls] = await Promise.all([this.#read(range), readAssignments(range)]);
      if (!covers(range, this.#range)) return;
      this.#entries = entries;
      this.#accepted = calls.filter(({ status }) => status === 'ACCEPTED');
      this.#known = range;
      this.failure = null;
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  /** Whether the days say just that already: then there is nothing to send. */
  says(kind: Kind): boolean {
    const { replaced, periods } = this.#change(kind);
    return replaced.length === 0 && periods.length === 0;
  }

  #change(kind: Kind | null): Change {
    return changeTo(kind, this.days, this.#entries, this.isWeekly, session.org.timezone);
  }

  /**
   * Declares the days: consecutive ones as one period, or repeated as one series for each day of the week. What said otherwise of
   * them, or with `null` whatever was said, is taken back for these days: what is left of it is declared anew before it goes.
   */
  async declare(kind: Kind | null): Promise<void> {
    const [days, isWeekly, { from, to }] = [this.days, this.isWeekly, this.#range];
    this.removed.done = false;
    await this.declared.make(async () => {
      // What is shown may be old, or an attempt may have stopped halfway: only what is missing by now is sent.
      const entries = await this.#read({ from: from - AROUND, to: to + AROUND });
      const { replaced, periods } = changeTo(kind, days, entries, isWeekly, session.org.timezone);
      const rests = replaced.flatMap(({ entry, rest }) =>
        rest.map((times) => ({ kind: entry.kind, note: entry.note, ...times })),
      );
      try {
        for (const rest of rests.filter((one) => !entries.some((entry) => isSame(entry, one)))) await this.#post(rest);
        // Before the new ones: a series is refused over what was approved, and at no time is a day declared both ways.
        for (const { entry } of replaced) await this.#delete(entry.id);
        for (const one of periods) await this.#post(one);
        this.clear();
      } finally {
        await this.load();
      }
    });
  }

  async #post(said: Said): Promise<void> {
    const body = { user_id: this.#user(), ...said };
    const text = JSON.stringify(body);
    const key = this.#unanswered?.text === text ? this.#unanswered.key : newKey();
    this.#unanswered = { text, key };
    data(await api.POST('/api/v1/availabilities', { params: { header: { 'Idempotency-Key': key } }, body }));
    this.#unanswered = null;
  }

  /** All of its series that are not over, or itself where it was declared alone; by start. */
  async seriesOf(entry: Availability): Promise<Availability[]> {
    if (entry.series_id === null) return [entry];
    const from = Math.min(instant(entry.start_at), startOf(this.today, session.org.timezone));
    return (await this.#read({ from })).filter(({ series_id }) => series_id === entry.series_id);
  }

  /** Takes back one, or with it those of its series that are later. */
  async remove(entry: Availability, withFollowing: boolean): Promise<void> {
    this.declared.done = false;
    await this.removed.make(async () => {
      await this.#delete(entry.id, withFollowing ? { series: 'following' } : {});
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

function covers(known: Range | null, { from, to }: Range): boolean {
  return known !== null && known.from <= from && known.to >= to;
}

function monthOf(month: CalendarDate): Range {
  const zone = session.org.timezone;
  return { from: startOf(month, zone), to: startOf(month.add({ months: 1 }), zone) };
}

/** Whether something says it already; what was rejected may be declared again. */
function isSame(entry: Availability, { kind, start_at, end_at }: Said): boolean {
  const sameTimes = instant(entry.start_at) === instant(start_at) && instant(entry.end_at) === instant(end_at);
  return entry.kind === kind && entry.status !== 'REJECTED' && sameTimes;
}
