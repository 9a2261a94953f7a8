/** Instants on the width of the board, which is one period of whole days. */

import { type CalendarDate, startOf } from '../time/calendar';
import { DAY, HOUR, type Instant, MINUTE } from '../time/zone';

/** What is moved and resized snaps to this at the finest. */
export const SNAP = 15 * MINUTE;
/** The pointer's steps: the first that is so many pixels wide, so that no tremor moves a mission by hours. */
const STEPS = [SNAP, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR];
const WIDE = 8;

export interface Day {
  date: CalendarDate;
  start: Instant;
  /** Where it begins, and how much of the width it takes: a day on which the clocks change is longer or shorter. */
  left: number;
  width: number;
}

export class Scale {
  readonly from: Instant;
  readonly to: Instant;
  readonly days: readonly Day[];

  constructor(first: CalendarDate, days: number, zone: string) {
    const starts = Array.from({ length: days + 1 }, (_, index) => startOf(first.add({ days: index }), zone));
    this.from = starts[0] ?? 0;
    this.to = starts[days] ?? this.from;
    this.days = starts.slice(0, days).map((start, index) => ({
      date: first.add({ days: index }),
      start,
      left: this.at(start),
      width: this.at(starts[index + 1] ?? this.to) - this.at(start),
    }));
  }

  /** Where an instant is, from 0 to 1; what is outside is at the edge. */
  at(instant: Instant): number {
    const share = (instant - this.from) / (this.to - this.from);
    return Math.min(1, Math.max(0, share));
  }

  /** The instant at a share of the width. */
  instant(share: number): Instant {
    return this.from + share * (this.to - this.from);
  }

  /** The time of a share of the width, snapped to what can be aimed at where the whole is so many pixels wide. */
  span(share: number, pixels: number): number {
    const all = this.to - this.from;
    const step = STEPS.find((one) => (one / all) * pixels >= WIDE) ?? DAY;
    return Math.round((share * all) / step) * step;
  }
}
