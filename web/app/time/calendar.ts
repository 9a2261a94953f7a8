/** Days of the calendar and the wall clock of a time zone. */

import {
  type CalendarDate,
  fromAbsolute,
  parseAbsolute,
  parseDate,
  startOfWeek,
  toCalendarDate,
} from '@internationalized/date';
import { type Instant, timestamp } from './zone';

/** The day that an instant is on. */
export function dayOf(at: Instant, zone: string): CalendarDate {
  return toCalendarDate(fromAbsolute(at, zone));
}

/** When a day begins. It begins later than midnight where the clocks change then. */
export function startOf(day: CalendarDate, zone: string): Instant {
  return day.toDate(zone).getTime();
}

/** Saturday or Sunday. */
export function isWeekend(day: CalendarDate): boolean {
  return day.toDate('UTC').getUTCDay() % 6 === 0;
}

/** The Monday of a day's week. */
export function monday(day: CalendarDate): CalendarDate {
  return startOfWeek(day, 'fr-FR', 'mon');
}

/** A day as it is written in addresses: `2026-07-06`. */
export function readDay(text: string | null): CalendarDate | null {
  if (text === null) return null;
  try {
    return parseDate(text);
  } catch {
    return null;
  }
}

/** An instant moved by whole days of the wall clock. */
export function shiftDays(at: Instant, days: number, zone: string): Instant {
  return parseAbsolute(timestamp(at), zone).add({ days }).toDate().getTime();
}

export type { CalendarDate };
