/** Periods as rows say them. */

import { shortDay, time, times, when } from '../time/format';
import { dayOf, startOf } from '../time/calendar';
import { DAY, type Instant } from '../time/zone';

interface Period {
  start: Instant;
  end: Instant;
}

function midnight(at: Instant, zone: string): boolean {
  return startOf(dayOf(at, zone), zone) === at;
}

/** A period with its days: `Mon 6 Jul · 20:00 – 23:00`, `Mon 6 Jul, 20:00 – Wed 8 Jul, 10:00`, `Mon 6 Jul – Tue 7 Jul`. */
export function period({ start, end }: Period, zone: string): string {
  if (midnight(start, zone) && midnight(end, zone)) {
    const [from, to] = [shortDay(start, zone), shortDay(end - 1, zone)];
    return from === to ? from : `${from} – ${to}`;
  }
  if (end - start < DAY) return when(start, end, zone);
  return `${shortDay(start, zone)}, ${time(start, zone)} – ${shortDay(end, zone)}, ${time(end, zone)}`;
}

/** The times of a period whose first day is said already. */
export function timesOf({ start, end }: Period, zone: string): string {
  if (end - start < DAY) return times(start, end, zone);
  return `${time(start, zone)} – ${shortDay(end, zone)}, ${time(end, zone)}`;
}

/** The times that all periods of a series have, or null where they differ. */
export function sameTimes(periods: readonly Period[], zone: string): string | null {
  const all = new Set(periods.map(({ start, end }) => `${time(start, zone)} – ${time(end, zone)}`));
  const [only] = all;
  return all.size === 1 && only !== undefined && !periods.every(({ start }) => midnight(start, zone)) ? only : null;
}
