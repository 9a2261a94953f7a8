/** Tells a planner why a change was refused, and by whom it was forestalled. */

import { type Failure, Refused } from '../api/refused';
import type { PlanningCommand } from '../api/types';
import { notices } from '../ui/notices.svelte';
import { reasonOf } from '../ui/refusals';
import type { Change } from './commands.svelte';
import type { Snapshot } from './snapshot';
import { words } from './words';

/** Somebody who is asked for a mission or accepted on it. */
export interface Holder {
  assignment: string;
  user: string;
  name: string;
  /** The post's name. */
  role: string | null;
  accepted: boolean;
}

/** Who is on the mission that a command is about; null for what is not known. */
type Crew = (command: PlanningCommand) => readonly Holder[] | null;

/** Tells who is on missions that the plan does not show: one that is open, say. It has been read after the refusal. */
type Witness = (change: Change) => Promise<Crew>;

const witnesses = new Set<Witness>();

/** Asks `see` after each refusal who holds the places, until the answer is called. */
export function witness(see: Witness): () => void {
  witnesses.add(see);
  return () => witnesses.delete(see);
}

export function tellRefusal(change: Change, failure: Failure, snapshot: Snapshot | null): void {
  if (!(failure instanceof Refused)) notices.tell('refused', words().noAnswer);
  else void tell(change, failure, snapshot);
}

async function tell(change: Change, refused: Refused, snapshot: Snapshot | null): Promise<void> {
  const told = words().refused(change.told);
  const holders = refused.is('quota_reached', 'already_assigned', 'invalid_transition') ? await seen(change, refused, snapshot) : [];
  if (holders.length > 0) notices.tell('refused', words().forestalled(holders.join(', ')), { detail: told });
  else notices.tell('refused', told, { detail: `${reasons(refused)} ${words().reference(refused.problem.request_id)}`, about: change.told });
}

/** Why each command was refused; of the batch it is only said that it was. */
function reasons({ problem }: Refused): string {
  const each = new Set((problem.errors ?? []).map(reasonOf));
  return each.size === 0 ? reasonOf(problem) : [...each].join(' ');
}

/** The names of those who have the places, from the plan or else from whoever else knows. */
async function seen(change: Change, refused: Refused, snapshot: Snapshot | null): Promise<string[]> {
  const planned = snapshot === null ? [] : holdersOf(change, refused, crewIn(snapshot));
  if (planned.length > 0) return planned;
  const others = await Promise.all([...witnesses].map(async (see) => holdersOf(change, refused, await see(change))));
  return others.find((names) => names.length > 0) ?? [];
}

/** Who has the places that a change was about: the person, who is on the mission already, or those who took the post. */
export function holdersOf(change: Change, refused: Refused, crew: Crew): string[] {
  const holders = change.commands.flatMap((command): readonly Holder[] => {
    const on = crew(command) ?? [];
    const person = 'user_id' in command ? on.filter(({ user }) => user === command.user_id) : [];
    if (refused.is('already_assigned')) return person;
    if (command.type === 'assign') return on.filter((one) => one.accepted && (command.role_name ?? one.role) === one.role);
    // A no takes nobody's place.
    if (command.type !== 'reassign' && (command.type !== 'set_status' || command.status !== 'ACCEPTED')) return [];
    const own = on.find(({ assignment }) => assignment === command.assignment_id);
    return own === undefined ? [] : on.filter((one) => one.accepted && one.role === own.role);
  });
  return [...new Set(holders.map(({ name }) => name))];
}

function crewIn(snapshot: Snapshot): Crew {
  return (command) => {
    const mission =
      command.type === 'assign'
        ? command.mission_id
        : 'assignment_id' in command
          ? snapshot.assignment(command.assignment_id)?.mission.id
          : undefined;
    if (mission === undefined) return null;
    return snapshot.ofMission(mission).map(({ id, user, role, status }) => ({
      assignment: id,
      user: user.id,
      name: user.name,
      role: role?.role_name ?? null,
      accepted: status === 'ACCEPTED',
    }));
  };
}
