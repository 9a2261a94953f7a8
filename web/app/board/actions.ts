/** What is done to the blocks that are selected. */

import type { PlanningCommand } from '../api/types';
import { commands } from '../plan/commands.svelte';
import { plan } from '../plan/plan.svelte';
import type { PlanAssignment } from '../plan/snapshot';
import { later } from '../plan/stamps';
import { now } from '../time/now.svelte';
import { notices } from '../ui/notices.svelte';
import { titlesOf } from './lift';
import { selection } from './selection.svelte';
import { view } from './view.svelte';
import { words } from './words';

/** The assignments among them. */
export function selectedAssignments(): PlanAssignment[] {
  const { snapshot } = plan;
  if (snapshot === null) return [];
  return selection.ids.map((id) => snapshot.assignment(id)).filter((one) => one !== undefined);
}

/** Whether somebody was put there and not asked yet. */
export function isPlanned({ status, invitation, pending }: PlanAssignment): boolean {
  return status === 'INVITED' && invitation === null && !pending;
}

/** Whether a yes of theirs is wanted: the first, or one to a new time or place. */
export function isAwaited({ status, needsConfirmation }: PlanAssignment): boolean {
  return status === 'INVITED' || needsConfirmation;
}

/** How many are asked at once: so many are in one batch at most. */
const MOST = 200;

/** Who was put on what the board shows and not asked yet, soonest first; nobody is asked for what has ended. */
export function plannedShown(): PlanAssignment[] {
  const users = new Set(view.users);
  const ahead = view.shown.filter(({ end }) => end > now.at);
  const crew = ahead.flatMap(({ id }) => plan.snapshot?.ofMission(id) ?? []);
  return crew.filter((one) => isPlanned(one) && users.has(one.user)).slice(0, MOST);
}

export async function ask(asked: readonly PlanAssignment[]): Promise<void> {
  if (asked.length === 0) return;
  const command: PlanningCommand = { type: 'invite', assignment_ids: asked.map(({ id }) => id) };
  await commands.apply({ commands: [command], told: told(asked, words().asked) });
}

/** Asks those who were not asked yet. */
export async function askSelected(): Promise<void> {
  const planned = selectedAssignments().filter(isPlanned);
  if (planned.length === 0) notices.tell('warning', words().nothing);
  await ask(planned);
}

export async function removeSelected(): Promise<void> {
  const off = selectedAssignments().filter(({ leaving }) => !leaving);
  if (off.length === 0) {
    notices.tell('warning', words().nothing);
    return;
  }
  const all = off.map(
    (one): PlanningCommand => ({
      type: 'remove',
      assignment_id: one.id,
      if_unchanged: later(one.updatedAt, one.mission.updatedAt),
    }),
  );
  await commands.apply({ commands: all, told: told(off, words().removed) });
}

/** For those who said yes by telephone, or confirm a call that moved. */
export async function acceptSelected(): Promise<void> {
  const said = selectedAssignments().filter(isAwaited);
  if (said.length === 0) return;
  const all = said.map((one): PlanningCommand => {
    const of = { assignment_id: one.id, if_unchanged: later(one.updatedAt, one.mission.updatedAt) };
    return one.status === 'INVITED' ? { type: 'set_status', status: 'ACCEPTED', ...of } : { type: 'confirm', ...of };
  });
  await commands.apply({ commands: all, told: told(said, words().acceptedFor) });
}

function told(of: readonly PlanAssignment[], sentence: (users: string, what: string, many: boolean) => string): string {
  const users = [...new Set(of.map(({ user }) => user.name))];
  const shown = users.slice(0, 3).join(', ');
  const titles = titlesOf(of.map(({ mission }) => mission));
  return sentence(users.length > 3 ? `${shown} ${words().and(users.length - 3)}` : shown, titles, users.length > 1);
}
