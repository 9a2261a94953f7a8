/** What is done to the blocks that are selected. */

import type { PlanningCommand } from '../api/types';
import { commands } from '../plan/commands.svelte';
import { plan } from '../plan/plan.svelte';
import type { PlanAssignment } from '../plan/snapshot';
import { latest } from './lift';
import { selection } from './selection.svelte';
import { words } from './words';

/** The assignments among them. */
export function selectedAssignments(): PlanAssignment[] {
  const { snapshot } = plan;
  if (snapshot === null) return [];
  return selection.ids.map((id) => snapshot.assignment(id)).filter((one) => one !== undefined);
}

/** Asks those who were not asked yet. */
export async function askSelected(): Promise<void> {
  const asked = selectedAssignments().filter((one) => one.status === 'INVITED' && one.invitation === null);
  if (asked.length === 0) return;
  const command: PlanningCommand = { type: 'invite', assignment_ids: asked.map(({ id }) => id) };
  await commands.apply({ commands: [command], told: told(asked, words().asked) });
}

export async function removeSelected(): Promise<void> {
  const off = selectedAssignments();
  if (off.length === 0) return;
  const all = off.map(
    (one): PlanningCommand => ({
      type: 'remove',
      assignment_id: one.id,
      if_unchanged: latest(one.updatedAt, one.mission.updatedAt),
    }),
  );
  await commands.apply({ commands: all, told: told(off, words().removed) });
}

/** For those who said yes by telephone, or confirm a call that moved. */
export async function acceptSelected(): Promise<void> {
  const said = selectedAssignments().filter((one) => one.status === 'INVITED');
  if (said.length === 0) return;
  const all = said.map(
    (one): PlanningCommand => ({
      type: 'set_status',
      assignment_id: one.id,
      status: 'ACCEPTED',
      if_unchanged: latest(one.updatedAt, one.mission.updatedAt),
    }),
  );
  await commands.apply({ commands: all, told: told(said, words().acceptedFor) });
}

function told(of: readonly PlanAssignment[], sentence: (user: string, mission: string) => string): string {
  const [first] = of;
  if (first === undefined) return '';
  const users = [...new Set(of.map(({ user }) => user.name))];
  const missions = new Set(of.map(({ mission }) => mission.id));
  const mission = missions.size === 1 ? first.mission.title : words().several(missions.size);
  const shown = users.slice(0, 3).join(', ');
  return sentence(users.length > 3 ? `${shown} ${words().and(users.length - 3)}` : shown, mission);
}
