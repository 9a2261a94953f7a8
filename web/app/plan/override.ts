/** A change that goes on although somebody has accepted something else then, with the planner's reason. */

import type { PlanningCommand } from '../api/types';
import type { Change } from './commands.svelte';
import type { Snapshot } from './snapshot';
import { words } from './words';

/** Whoever clashes is accepted: asked, they could not say yes. Everybody else is asked as before. `clashing` are indexes. */
export function overridden(change: Change, clashing: readonly number[], override_reason: string, snapshot: Snapshot | null): Change {
  const commands = change.commands.flatMap((command, index): PlanningCommand[] => {
    if (!clashing.includes(index)) return [command];
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
  const clashes = change.commands.filter((_, index) => clashing.includes(index));
  return { commands, told: toldOf(change.told, clashes, snapshot) };
}

/** Who is accepted is not asked, and that is said. */
function toldOf(told: string, clashes: readonly PlanningCommand[], snapshot: Snapshot | null): string {
  const put = clashes.flatMap((command) => {
    if (command.type !== 'assign' && command.type !== 'reassign') return [];
    const id = command.type === 'assign' ? command.mission_id : snapshot?.assignment(command.assignment_id)?.mission.id;
    const [user, mission] = [snapshot?.user(command.user_id), id === undefined ? undefined : snapshot?.mission(id)];
    return user === undefined || mission === undefined ? [] : [{ name: user.name, title: mission.title }];
  });
  const [first] = put;
  return first === undefined ? told : words().plannedAllTheSame(put.map(({ name }) => name).join(', '), first.title);
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
