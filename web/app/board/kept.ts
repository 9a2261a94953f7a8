/** Whether somebody was put on two missions at one time on purpose. Pure. */

import { type PlanAssignment, overlap } from '../plan/snapshot';

/** A pair is kept by the reason that either of the two carries: what clashes is kept when each of its pairs is. `on`: all that the person is on. */
export function isKept(one: PlanAssignment, on: readonly PlanAssignment[]): boolean {
  const others = on.filter((other) => other !== one && other.clashes && overlap(other.mission, one.mission));
  return one.override !== null || (others.length > 0 && others.every(({ override }) => override !== null));
}
