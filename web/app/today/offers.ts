/** Availabilities that wait for a planner: those of one series are one offer. */

import type { Availability } from '../api/types';
import { type Instant, instant } from '../time/zone';

export interface Offer {
  /** Of the series, or of the one. */
  id: string;
  userId: string;
  kind: Availability['kind'];
  note: string | null;
  /** By start; at least one. */
  periods: { id: string; start: Instant; end: Instant }[];
}

/** By the first start. */
export function offers(availabilities: readonly Availability[], now: Instant): Offer[] {
  const found = new Map<string, Offer>();
  for (const { id, series_id, user_id, kind, note, start_at, end_at } of availabilities) {
    const period = { id, start: instant(start_at), end: instant(end_at) };
    if (period.end <= now) continue;
    // One of a series may have been changed by itself.
    const key = series_id === null ? id : `${series_id} ${kind}`;
    const offer = found.get(key);
    if (offer === undefined) found.set(key, { id: key, userId: user_id, kind, note, periods: [period] });
    else offer.periods.push(period);
  }
  for (const { periods } of found.values()) periods.sort((one, other) => one.start - other.start);
  return [...found.values()].sort((one, other) => first(one) - first(other));
}

function first({ periods }: Offer): Instant {
  return periods[0]?.start ?? 0;
}
