/** Days of a month, and what is declared of them. A day is one of the org's zone, from its midnight to the next. */

import type { CalendarDate } from '@internationalized/date';
import type { Availability, Weekday } from '../api/types';
import { dayOf, monday, startOf } from '../time/calendar';
import { type Instant, instant, timestamp } from '../time/zone';

/** Longer periods are not taken. */
const LONGEST = 31;
const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** The most of a series, and of all that repeats at once. */
export const MOST = 104;

/** The weeks of a month, from Mondays; `null` for days of other months. */
export function weeksOf(month: CalendarDate): (CalendarDate | null)[][] {
  const weeks: (CalendarDate | null)[][] = [];
  const next = month.set({ day: 1 }).add({ months: 1 });
  for (let week = monday(month.set({ day: 1 })); week.compare(next) < 0; week = week.add({ weeks: 1 })) {
    weeks.push(
      Array.from({ length: 7 }, (_, index) => {
        const day = week.add({ days: index });
        return day.month === month.month ? day : null;
      }),
    );
  }
  return weeks;
}

interface Period {
  start_at: string;
  end_at: string;
}

/** Something on one of its days: what was declared, or a call. */
export interface Mark<T extends Period = Availability> {
  entry: T;
  /** Whether it is about all of that day. */
  whole: boolean;
}

/** What is declared of a time. */
export interface Said extends Period {
  kind: Availability['kind'];
  note?: string | null;
  repeat?: { days: Weekday[]; until: string } | null;
}

/** What there is to do so that some days say something else. */
export interface Change {
  /** What goes, and what would be left of it without those days. */
  replaced: { entry: Availability; rest: Period[] }[];
  periods: Said[];
}

/** What there is on a day. */
export function marksOn<T extends Period>(day: CalendarDate, entries: readonly T[], zone: string): Mark<T>[] {
  const [from, to] = [startOf(day, zone), startOf(day.add({ days: 1 }), zone)];
  return entries
    .filter((entry) => instant(entry.start_at) < to && instant(entry.end_at) > from)
    .map((entry) => ({ entry, whole: instant(entry.start_at) <= from && instant(entry.end_at) >= to }));
}

/** Whether something is declared of a day, or of a part of it; what was rejected may be declared again. */
export function isDeclared(marks: readonly Mark[]): boolean {
  return marks.some(({ entry }) => entry.status !== 'REJECTED');
}

/** Consecutive days as one: that is what a planner decides on. With another step, those that are so far apart. */
export function runs(days: readonly CalendarDate[], step = 1, longest = LONGEST): CalendarDate[][] {
  const found: CalendarDate[][] = [];
  for (const day of [...days].sort((one, other) => one.compare(other))) {
    const run = found.at(-1);
    const follows = run?.at(-1)?.add({ days: step }).compare(day) === 0;
    if (run !== undefined && follows && run.length < longest) run.push(day);
    else found.push([day]);
  }
  return found;
}

/** From the first midnight to the one after the last day. */
export function period(run: readonly CalendarDate[], zone: string): Period {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) throw new Error('no day');
  return { start_at: timestamp(startOf(first, zone)), end_at: timestamp(startOf(last.add({ days: 1 }), zone)) };
}

/** What is left of a period without some of its whole days. */
export function without({ start_at, end_at }: Period, days: readonly CalendarDate[], zone: string): Period[] {
  const rest: Period[] = [];
  let from = instant(start_at);
  for (const run of runs(days)) {
    const gone = period(run, zone);
    if (from < instant(gone.start_at)) rest.push({ start_at: timestamp(from), end_at: gone.start_at });
    from = instant(gone.end_at);
  }
  if (from < instant(end_at)) rest.push({ start_at: timestamp(from), end_at });
  return rest;
}

/**
 * What there is to do so that these days say only this; with `null`, nothing. A day that says it already stays as it is, and so does
 * what is left of a period that goes.
 */
export function changeTo(
  kind: Availability['kind'] | null,
  days: readonly CalendarDate[],
  entries: readonly Availability[],
  isWeekly: boolean,
  zone: string,
): Change {
  const declared = entries.filter(({ status }) => status !== 'REJECTED');
  const all = days.map((day) => ({ day, marks: marksOn(day, declared, zone) }));
  const open = all.filter(({ marks }) => !marks.some(({ entry, whole }) => whole && entry.kind === kind));
  const replaced = declared.flatMap((entry) => {
    const gone = (entry.kind === kind ? open : all).filter(({ marks }) => marks.some((mark) => mark.entry === entry));
    return gone.length === 0 ? [] : [{ entry, rest: without(entry, gone.map(({ day }) => day), zone) }];
  });
  if (kind === null) return { replaced, periods: [] };
  const missing = open.map(({ day }) => day);
  const found = isWeekly ? seriesOf(missing, zone) : runs(missing).map((run) => period(run, zone));
  return { replaced, periods: found.map((one) => ({ kind, ...one })) };
}

/** One series for each day of the week, so that taking back the Tuesdays leaves the Mondays; a gap begins another one. */
function seriesOf(days: readonly CalendarDate[], zone: string): Omit<Said, 'kind'>[] {
  return WEEKDAYS.flatMap((weekday, index) =>
    runs(days.filter((day) => weekdayOf(day) === index), 7, MOST).map((run) => {
      const { start_at } = period(run.slice(-1), zone);
      const repeat = run.length === 1 ? null : { days: [weekday], until: start_at };
      return { ...period(run.slice(0, 1), zone), repeat };
    }),
  );
}

function weekdayOf(day: CalendarDate): number {
  return day.compare(monday(day));
}

/** The days of the week of some days, as their first ones, Monday first. */
export function weekdaysOf(days: readonly CalendarDate[]): CalendarDate[] {
  return WEEKDAYS.flatMap((_, index) => days.find((day) => weekdayOf(day) === index) ?? []);
}

/** All days on which a choice repeats every week, from its first until the last on which one may be; few enough, or too many. */
export function everyWeek(days: readonly CalendarDate[], until: CalendarDate): CalendarDate[] {
  const weekdays = new Set(days.map(weekdayOf));
  const found: CalendarDate[] = [];
  let day = runs(days)[0]?.[0];
  for (; day !== undefined && day.compare(until) <= 0 && found.length <= MOST; day = day.add({ days: 1 })) {
    if (weekdays.has(weekdayOf(day))) found.push(day);
  }
  return found;
}

/** Whether something lasts whole days: then its last day is shown, else its times. */
export function wholeDays({ start_at, end_at }: Availability, zone: string): { first: Instant; last: Instant } | null {
  const [start, end] = [instant(start_at), instant(end_at)];
  const isWhole = startOf(dayOf(start, zone), zone) === start && startOf(dayOf(end, zone), zone) === end;
  return isWhole ? { first: start, last: end - 1 } : null;
}
