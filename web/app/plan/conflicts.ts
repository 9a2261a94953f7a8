/** What is in the way of a change, as the server names it. */

import type { Refused } from '../api/refused';
import { session } from '../session/session.svelte';
import { when } from '../time/format';
import { instant } from '../time/zone';
import type { Snapshot } from './snapshot';
import { words } from './words';

/** Each conflict in a line, with whom it takes. */
export function conflictLines({ problem }: Refused, snapshot: Snapshot | null): string[] {
  return (problem.conflicts ?? []).map((conflict) => {
    const person = snapshot?.user(conflict.user_id)?.name ?? words().someone;
    const title = 'mission_title' in conflict ? conflict.mission_title : '';
    const zone = session.org.timezone;
    return words().overrideNamed(person, title, when(instant(conflict.start_at), instant(conflict.end_at), zone));
  });
}
