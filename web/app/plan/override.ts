/** A change that goes on although somebody has accepted something else then, with the planner's reason. */

import type { PlanningCommand } from '../api/types';
import type { Change } from './commands.svelte';
import type { Snapshot } from './snapshot';

/** Whoever is put on a mission that way is accepted: asked, they could not say yes. */
export function overridden(change: Change, override_reason: string, snapshot: Snapshot | null): Change {
  const commands = change.commands.flatMap((command): PlanningCommand[] => {
    switch (command.type) {
      case 'assign':
        return [{ ...command, status: 'ACCEPTED', invite: false, override_reason }];
      case 'reassign':
        return given(command, override_reason, snapshot);
      case 'set_status':
      case 'move':
        return [{ ...command, override_reason }];
      default:
        return [command];
    }
  });
  return { ...change, commands };
}

/** A post that is given on has no reason of its own: one goes off, and the other is put there. */
function given(
  command: Extract<PlanningCommand, { type: 'reassign' }>,
  override_reason: string,
  snapshot: Snapshot | null,
): PlanningCommand[] {
  const { assignment_id, user_id } = command;
  const assignment = snapshot?.assignment(assignment_id);
  if (assignment === undefined) return [command];
  const { mission, role } = assignment;
  const condition = command.if_unchanged === undefined ? {} : { if_unchanged: command.if_unchanged };
  const post = role === null ? {} : { role_name: role.role_name };
  return [
    { type: 'remove', assignment_id, ...condition },
    { type: 'assign', mission_id: mission.id, user_id, ...post, status: 'ACCEPTED', override_reason },
  ];
}
