/**
 * Instants in a time zone. The API speaks RFC 3339 in UTC; people read the wall clock of the org or of a mission, never
 * that of their browser. What counts days is in `calendar.ts`, whose library technicians need not load to see their calls.
 */

/** Milliseconds since 1970. */
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

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The wall clock of a zone, or the browser's own: `2026-07-06 20:00:00`, the same in every language. */
function wallClock(at: Instant, timeZone: string | undefined): string {
  const key = timeZone ?? '';
  let clock = clocks.get(key);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', ...(timeZone === undefined ? {} : { timeZone }) });
    clocks.set(key, clock);
  }
  return clock.format(at);
}

/** How far a zone's clock is ahead of UTC, in milliseconds. */
export function offset(at: Instant, zone: string): number {
  const second = Math.floor(at / 1000) * 1000;
  return Date.parse(`${wallClock(second, zone).replace(' ', 'T')}Z`) - second;
}

/** The day that an instant is on, as texts compare: `2026-07-06`. */
export function civilDay(at: Instant, zone: string): string {
  return wallClock(at, zone).slice(0, 10);
}

/** Whether a period ends on the day on which it begins; one that ends at midnight does. */
export function isOneDay(start: Instant, end: Instant, zone: string): boolean {
  return civilDay(start, zone) === civilDay(end - 1, zone);
}

/** Whether the browser's clock shows other times than this zone at that instant; or that of another zone which is shown nearby. */
export function differsHere(zone: string, at: Instant, ...others: string[]): boolean {
  return [undefined, ...others].some((other) => wallClock(at, other) !== wallClock(at, zone));
}
