/** Instants on the width of the board, which is one period of whole days. */

import { type CalendarDate, startOf } from '../time/calendar';
import { type Instant, MINUTE } from '../time/zone';

/** What is moved and resized snaps to this. */
export const SNAP = 15 * MINUTE;

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

  /** The time of a share of the width, snapped. */
  span(share: number): number {
    return Math.round((share * (this.to - this.from)) / SNAP) * SNAP;
  }
}
