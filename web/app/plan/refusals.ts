/** Tells a planner why a change was refused, and by whom it was forestalled. */

import { type Failure, Refused } from '../api/refused';
import { notices } from '../ui/notices.svelte';
import type { Change } from './commands.svelte';
import type { Snapshot } from './snapshot';
import { words } from './words';

export function tellRefusal(change: Change, failure: Failure, snapshot: Snapshot | null): void {
  if (!(failure instanceof Refused)) {
    notices.tell('refused', words().noAnswer);
    return;
  }
  const { detail, request_id } = failure.problem;
  const told = words().refused(change.told);
  const reference = words().reference(request_id);
  if (failure.is('quota_reached', 'already_assigned', 'invalid_transition')) {
    const holders = snapshot === null ? [] : holdersOf(change, snapshot);
    if (holders.length > 0) {
      notices.tell('refused', words().forestalled(holders.join(', ')), { detail: `${told} ${detail}` });
      return;
    }
  }
  notices.tell('refused', told, { detail: `${detail} ${reference}` });
}

/** Who has the places that a change was about. */
function holdersOf(change: Change, snapshot: Snapshot): string[] {
  const names = change.commands.flatMap((command) => {
    if (command.type === 'assign') {
      const crew = snapshot.ofMission(command.mission_id);
      const role = command.role_name ?? null;
      return crew.filter((one) => one.status === 'ACCEPTED' && (role === null || one.role?.role_name === role));
    }
    if (command.type === 'set_status' || command.type === 'reassign') {
      const one = snapshot.assignment(command.assignment_id);
      if (one === undefined) return [];
      return snapshot.ofMission(one.mission.id).filter((other) => other.status === 'ACCEPTED' && other.role?.id === one.role?.id);
    }
    return [];
  });
  return [...new Set(names.map(({ user }) => user.name))];
}
