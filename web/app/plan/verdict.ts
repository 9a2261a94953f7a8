/**
 * What a change would meet, computed from the snapshot while somebody is still dragging. It follows the server's rules
 * (docs/errors.md: `schedule_conflict`, `already_assigned`, `quota_reached`, `user_inactive`); the server decides.
 */

import type { PlanningCommand } from '../api/types';
import { type Instant, instant } from '../time/zone';
import { fold } from '../words/fold';
import {
  type Period,
  type PlanAssignment,
  type PlanAvailability,
  type PlanMission,
  type Snapshot,
  openPlaces,
  overlap,
} from './snapshot';

/** From good to bad. */
export type Level = 'free' | 'warn' | 'refused';

export type Reason =
  /** Somebody is on something else then: accepted is in the way, asked is not. */
  | { code: 'taken'; user: string; by: PlanAssignment }
  | { code: 'unavailable'; user: string }
  /** They said no to it; `why` in their words, if they gave any. */
  | { code: 'declined'; user: string; why: string | null }
  | { code: 'skill_missing'; user: string; role: string }
  | { code: 'already_on'; user: string }
  | { code: 'full'; role: string }
  /** The same where somebody is only asked: their yes would be refused until a place is free. */
  | { code: 'filled'; role: string }
  /** Nobody is asked for what has ended. */
  | { code: 'over' }
  | { code: 'inactive'; user: string }
  /** What was named is gone meanwhile. */
  | { code: 'gone' };

export interface Verdict {
  level: Level;
  /** Whether a planner's reason would let it pass. */
  overridable: boolean;
  reasons: Reason[];
}

const HARD: ReadonlySet<Reason['code']> = new Set(['already_on', 'full', 'over', 'inactive', 'gone']);

/** `now`: what ended before takes nobody's answer any more. */
export function judge(snapshot: Snapshot, commands: readonly PlanningCommand[], now: Instant): Verdict {
  const found = inOrder(snapshot, commands).flat();
  const reasons = commands.some((command) => asksTooLate(snapshot, command, now)) ? [{ code: 'over' } as const, ...found] : found;
  const hard = reasons.some(({ code }) => HARD.has(code));
  const conflict = reasons.some(isConflict);
  const level: Level = hard || conflict ? 'refused' : reasons.length > 0 ? 'warn' : 'free';
  return { level, overridable: conflict && !hard, reasons };
}

/** Which of the commands meet a conflict, counted from 0. */
export function conflicting(snapshot: Snapshot, commands: readonly PlanningCommand[]): number[] {
  return inOrder(snapshot, commands).flatMap((reasons, index) => (reasons.some(isConflict) ? [index] : []));
}

/** What speaks against each command. Whoever an earlier one takes off a mission is not in its way. */
function inOrder(snapshot: Snapshot, commands: readonly PlanningCommand[]): Reason[][] {
  const off = new Set<string>();
  return commands.map((command) => {
    const reasons = reasonsOf(snapshot, command).filter((reason) => reason.code !== 'taken' || !off.has(reason.by.id));
    if (command.type === 'remove' || command.type === 'reassign') off.add(command.assignment_id);
    return reasons;
  });
}

/** Whether this is in the way unless a planner gives a reason. */
export function isConflict(reason: Reason): reason is Extract<Reason, { code: 'taken' }> {
  return reason.code === 'taken' && reason.by.status === 'ACCEPTED';
}

function asksTooLate(snapshot: Snapshot, command: PlanningCommand, now: Instant): boolean {
  const isOver = (mission: PlanMission | undefined): boolean => mission !== undefined && mission.end <= now;
  switch (command.type) {
    case 'assign':
      return command.invite === true && isOver(snapshot.mission(command.mission_id));
    case 'reassign':
      return command.invite === true && isOver(snapshot.assignment(command.assignment_id)?.mission);
    case 'invite':
      return command.assignment_ids.some((id) => isOver(snapshot.assignment(id)?.mission));
    default:
      return false;
  }
}

function reasonsOf(snapshot: Snapshot, command: PlanningCommand): Reason[] {
  switch (command.type) {
    case 'assign': {
      const mission = snapshot.mission(command.mission_id);
      if (mission === undefined) return [{ code: 'gone' }];
      const reasons = ofPerson(snapshot, command.user_id, mission, mission, command.role_name ?? null);
      const full = ofPlaces(mission, command.role_name ?? null);
      return [...reasons, ...full.map(({ role }) => ({ code: command.status === 'ACCEPTED' ? 'full' : 'filled', role }) as const)];
    }
    case 'reassign': {
      const assignment = snapshot.assignment(command.assignment_id);
      if (assignment === undefined) return [{ code: 'gone' }];
      const { mission, role } = assignment;
      return ofPerson(snapshot, command.user_id, mission, mission, role?.role_name ?? null);
    }
    case 'move': {
      const mission = snapshot.mission(command.mission_id);
      if (mission === undefined) return [{ code: 'gone' }];
      const period = { start: instant(command.start_at), end: instant(command.end_at) };
      const crew = snapshot.ofMission(mission.id).filter(({ leaving }) => !leaving);
      return crew.flatMap((one) => ofMove(snapshot, one, period));
    }
    case 'set_status': {
      const assignment = snapshot.assignment(command.assignment_id);
      if (assignment === undefined) return [{ code: 'gone' }];
      if (command.status !== 'ACCEPTED') return [];
      const { mission, user, role } = assignment;
      return [...taken(snapshot, user.id, mission, mission.id), ...ofPlaces(mission, role?.role_name ?? null)];
    }
    case 'copy':
    case 'confirm':
    case 'remove':
    case 'invite':
      return [];
  }
}

/** What speaks against putting somebody on a mission. */
function ofPerson(snapshot: Snapshot, id: string, mission: PlanMission, period: Period, role: string | null): Reason[] {
  const user = snapshot.user(id);
  if (user === undefined) return [{ code: 'gone' }];
  if (!user.active) return [{ code: 'inactive', user: id }];
  if (onOf(snapshot, id).some((one) => one.mission.id === mission.id)) return [{ code: 'already_on', user: id }];
  const wanted = role ?? (mission.roles.length === 1 ? (mission.roles[0]?.role_name ?? null) : null);
  const why = snapshot.decline(mission.id, id);
  const lacks = wanted !== null && !hasSkill(Object.keys(user.skill_levels), wanted);
  return [
    ...taken(snapshot, id, period, mission.id),
    ...(why === undefined ? [] : [{ code: 'declined', user: id, why } as const]),
    ...unavailable(snapshot.availabilities(id), id, period),
    ...(lacks ? [{ code: 'skill_missing', user: id, role: wanted } as const] : []),
  ];
}

function ofMove(snapshot: Snapshot, one: PlanAssignment, period: Period): Reason[] {
  const others = taken(snapshot, one.user.id, period, one.mission.id);
  // Who is only asked stands in nobody's way: they may say no.
  const relevant = one.status === 'ACCEPTED' ? others : others.filter((reason) => !isConflict(reason));
  return [...relevant, ...unavailable(snapshot.availabilities(one.user.id), one.user.id, period)];
}

function taken(snapshot: Snapshot, user: string, period: Period, but: string): Reason[] {
  return onOf(snapshot, user)
    .filter(({ mission }) => mission.id !== but && overlap(mission, period))
    .map((by) => ({ code: 'taken', user, by }));
}

/** What somebody is on, and stays on. */
function onOf(snapshot: Snapshot, user: string): PlanAssignment[] {
  return snapshot.ofUser(user).filter(({ leaving }) => !leaving);
}

function unavailable(declared: readonly PlanAvailability[], user: string, period: Period): Reason[] {
  const away = declared.some((one) => one.kind === 'unavailable' && overlap(one, period));
  return away ? [{ code: 'unavailable', user }] : [];
}

function ofPlaces(mission: PlanMission, name: string | null): Extract<Reason, { code: 'full' }>[] {
  const role = mission.roles.find(({ role_name }) => role_name === name) ?? (mission.roles.length === 1 ? mission.roles[0] : undefined);
  if (role === undefined || role.quota === null || openPlaces(role) > 0) return [];
  return [{ code: 'full', role: role.role_name }];
}

/** Skills and posts are compared as the server's search does: without case and accents. */
export function hasSkill(skills: readonly string[], role: string): boolean {
  const wanted = fold(role);
  return skills.some((skill) => fold(skill) === wanted);
}

/** Whether somebody has nothing accepted, asked or declared against in a period. */
export function isFree(snapshot: Snapshot, user: string, period: { start: Instant; end: Instant }): boolean {
  const busy = onOf(snapshot, user).some(({ mission }) => overlap(mission, period));
  return !busy && unavailable(snapshot.availabilities(user), user, period).length === 0;
}
