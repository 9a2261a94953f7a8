/**
 * Instants in a time zone. The API speaks RFC 3339 in UTC; people read the wall clock of the org or of a mission, never
 * that of their browser. An instant here is a number of milliseconds since 1970.
 */

import {
  type CalendarDate,
  fromAbsolute,
  getLocalTimeZone,
  parseAbsolute,
  parseDate,
  startOfWeek,
  toCalendarDate,
} from '@internationalized/date';

export type Instant = number;

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Reads an instant of the API. */
export function instant(text: string): Instant {
  return Date.parse(text);
}

/** Writes an instant for the API. */
export function timestamp(at: Instant): string {
  return new Date(at).toISOString();
}

/** The day that an instant is on. */
export function dayOf(at: Instant, zone: string): CalendarDate {
  return toCalendarDate(fromAbsolute(at, zone));
}

/** When a day begins. It begins later than midnight where the clocks change then. */
export function startOf(day: CalendarDate, zone: string): Instant {
  return day.toDate(zone).getTime();
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

/** Whether the browser's clock shows other times than this zone at that instant. */
export function differsHere(zone: string, at: Instant): boolean {
  const here = getLocalTimeZone();
  if (here === zone) return false;
  return fromAbsolute(at, here).offset !== fromAbsolute(at, zone).offset;
}

export type { CalendarDate };
