/** Days of a month, and what is declared of them. A day is one of the org's zone, from its midnight to the next. */

import type { CalendarDate } from '@internationalized/date';
import type { Availability, Weekday } from '../api/types';
import { dayOf, monday, startOf } from '../time/calendar';
import { type Instant, instant, timestamp } from '../time/zone';

/** Longer periods are not taken. */
const LONGEST = 31;
const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** The most of a series. */
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

interface Covering {
  entry: Availability;
  days: CalendarDate[];
  rest: Period[];
}

/** What there is on a day. */
export function marksOn<T extends Period>(day: CalendarDate, entries: readonly T[], zone: string): Mark<T>[] {
  const [from, to] = [startOf(day, zone), startOf(day.add({ days: 1 }), zone)];
  return entries
    .filter((entry) => instant(entry.start_at) < to && instant(entry.end_at) > from)
    .map((entry) => ({ entry, whole: instant(entry.start_at) <= from && instant(entry.end_at) >= to }));
}

/** Whether the whole of a day has been declared already; what was rejected may be declared again. */
export function isDeclared(marks: readonly Mark[]): boolean {
  return marks.some(({ entry, whole }) => whole && entry.status !== 'REJECTED');
}

/** Consecutive days as one: that is what a planner decides on. */
export function runs(days: readonly CalendarDate[]): CalendarDate[][] {
  const found: CalendarDate[][] = [];
  for (const day of [...days].sort((one, other) => one.compare(other))) {
    const run = found.at(-1);
    const last = run?.at(-1);
    const follows = last?.add({ days: 1 }).compare(day) === 0;
    if (run !== undefined && follows && run.length < LONGEST) run.push(day);
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

/** What is declared of some days, and what would be left of it without them. */
export function coveringOf(days: readonly CalendarDate[], entries: readonly Availability[], zone: string): Covering[] {
  return entries.flatMap((entry) => {
    const covered = days.filter((day) => isDeclared(marksOn(day, [entry], zone)));
    return covered.length === 0 ? [] : [{ entry, days: covered, rest: without(entry, covered, zone) }];
  });
}

/** The days of the week of some days, Monday first. */
export function weekdaysOf(days: readonly CalendarDate[]): Weekday[] {
  return WEEKDAYS.filter((_, index) => days.some((day) => weekdayOf(day) === index));
}

function weekdayOf(day: CalendarDate): number {
  return day.compare(monday(day));
}

/** How many days a weekly series has, from the first of its days until the last on which one may be. */
export function countOf(days: readonly CalendarDate[], until: CalendarDate): number {
  const first = runs(days)[0]?.[0];
  if (first === undefined) return 0;
  const weekdays = new Set(days.map(weekdayOf));
  let count = 0;
  for (let day = first; day.compare(until) <= 0 && count <= MOST; day = day.add({ days: 1 })) {
    if (weekdays.has(weekdayOf(day))) count += 1;
  }
  return count;
}

/** Whether something lasts whole days: then its last day is shown, else its times. */
export function wholeDays({ start_at, end_at }: Availability, zone: string): { first: Instant; last: Instant } | null {
  const [start, end] = [instant(start_at), instant(end_at)];
  const isWhole = startOf(dayOf(start, zone), zone) === start && startOf(dayOf(end, zone), zone) === end;
  return isWhole ? { first: start, last: end - 1 } : null;
}
