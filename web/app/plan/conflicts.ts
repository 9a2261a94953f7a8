/** What is in the way of a change, as the server names it. */

import type { Refused } from '../api/refused';
import { session } from '../session/session.svelte';
import { when } from '../time/format';
import { instant } from '../time/zone';
import type { Snapshot } from './snapshot';
import { type Verdict, isConflict } from './verdict';
import { words } from './words';

/** Each conflict that a verdict foresees, in a line. */
export function linesOf({ reasons }: Verdict, snapshot: Snapshot): string[] {
  const lines = reasons.filter(isConflict).map(({ user, by: { mission } }) => {
    const person = snapshot.user(user)?.name ?? words().someone;
    return words().overrideNamed(person, mission.title, when(mission.start, mission.end, mission.zone));
  });
  return [...new Set(lines)];
}

/** Each conflict in a line, with whom it takes. */
export function conflictLines({ problem }: Refused, snapshot: Snapshot | null): string[] {
  return (problem.conflicts ?? []).map((conflict) => {
    const person = snapshot?.user(conflict.user_id)?.name ?? words().someone;
    return lineOf(person, { ...conflict, title: 'mission_title' in conflict ? conflict.mission_title : '' });
  });
}

/** What somebody has accepted, as the server names it. */
export function lineOf(person: string, by: { title: string; start_at: string; end_at: string }): string {
  const period = when(instant(by.start_at), instant(by.end_at), session.org.timezone);
  return words().overrideNamed(person, by.title, period);
}
