/**
 * What is carried over the board, and what a drop would change. One model for the pointer, for click–click and for the
 * keyboard: each picks something up, aims at a row and a time, and drops. Pure.
 */

import type { PlanningCommand, PlanningUser } from '../api/types';
import { shortDay, when } from '../time/format';
import { shiftDays } from '../time/calendar';
import { DAY, type Instant, timestamp } from '../time/zone';
import type { Change } from '../plan/commands.svelte';
import { type PlanAssignment, type PlanMission, type Snapshot, openPlaces, unaskedPlaces } from '../plan/snapshot';
import { later } from '../plan/stamps';
import { hasSkill } from '../plan/verdict';
import { SNAP } from './scale';
import { words } from './words';

export type Lift =
  /** A call with open places, from the list beside the board. */
  | { is: 'call'; mission: string; role: string | null }
  /** A person, from the list beside the board. */
  | { is: 'user'; user: string }
  /** Calls of people. `home` is the row that they were picked up from. */
  | { is: 'assignments'; ids: string[]; home: string }
  | { is: 'missions'; ids: string[]; home: string }
  | { is: 'edge'; mission: string; edge: 'start' | 'end'; home: string };

/** Where it would be dropped. */
export interface Aim {
  /** The person or the mission of a row; null over none. */
  row: string | null;
  /** How much later, in milliseconds; earlier when negative. */
  shift: number;
}

/** Whether aiming at a time makes a difference, or the row alone. */
export function movesInTime(lift: Lift): boolean {
  return lift.is !== 'call' && lift.is !== 'user';
}

/** By which of the words the keyboard is explained: what stays in its row moves in time alone. */
export function howLifted(lift: Lift): 'lifted' | 'liftedInTime' {
  return lift.is === 'missions' || lift.is === 'edge' ? 'liftedInTime' : 'lifted';
}

/** What an aim comes to: a mission stays in its row, and whoever takes a call over takes it at its time. */
export function settled(lift: Lift, aim: Aim): Aim {
  if (!('home' in lift) || aim.row === null || aim.row === lift.home) return aim;
  return lift.is === 'assignments' ? { row: aim.row, shift: 0 } : { row: lift.home, shift: aim.shift };
}

/** The missions that are carried, as a snapshot has them: that from when they were picked up, so that nothing moves under the pointer. */
export function missionsOf(lift: Lift, snapshot: Snapshot): PlanMission[] {
  const ids = lift.is === 'missions' ? lift.ids : lift.is === 'call' || lift.is === 'edge' ? [lift.mission] : [];
  const found = lift.is === 'assignments' ? assignmentsOf(lift.ids, snapshot).map(({ mission }) => mission) : ids.map((id) => snapshot.mission(id));
  return [...new Set(found.filter((mission) => mission !== undefined))];
}

/** A mission that is carried, and when it would be. */
export interface Placed {
  mission: PlanMission;
  start: Instant;
  end: Instant;
}

/** When each of the missions would be: stretched by an end, on another day as a copy, or moved. */
export function placed(lift: Lift, snapshot: Snapshot, shift: number, copy: boolean): Placed[] {
  const missions = missionsOf(lift, snapshot);
  const days = copy && missions[0] !== undefined ? daysOf(missions[0], shift) : 0;
  return missions.map((mission) => {
    const { start, end, zone } = mission;
    if (lift.is === 'edge' && lift.edge === 'start') return { mission, start: Math.min(start + shift, end - SNAP), end };
    if (lift.is === 'edge') return { mission, start, end: Math.max(end + shift, start + SNAP) };
    if (copy) return { mission, start: shiftDays(start, days, zone), end: shiftDays(end, days, zone) };
    return { mission, start: start + shift, end: end + shift };
  });
}

/** A shift by another day at the same time of it, on the clock of what is carried. */
export function byDays(lift: Lift, snapshot: Snapshot, shift: number, days: number): number {
  const [first] = missionsOf(lift, snapshot);
  return first === undefined ? shift : shiftDays(first.start + shift, days, first.zone) - first.start;
}

function assignmentsOf(ids: readonly string[], snapshot: Snapshot): PlanAssignment[] {
  return ids.map((id) => snapshot.assignment(id)).filter((one) => one !== undefined);
}

/** What is said of what is carried. */
export function nameOf(lift: Lift, snapshot: Snapshot): string {
  if (lift.is === 'user') return snapshot.user(lift.user)?.name ?? '';
  const missions = missionsOf(lift, snapshot);
  const [first] = missions;
  if (first === undefined) return '';
  if (missions.length > 1) return words().several(missions.length);
  if (lift.is === 'call') return [first.title, lift.role, shortDay(first.start, first.zone)].filter(Boolean).join(' · ');
  const people = lift.is === 'assignments' ? assignmentsOf(lift.ids, snapshot).map(({ user }) => user.name) : [];
  return people.length === 0 ? first.title : `${first.title} · ${people.join(', ')}`;
}

/** One by its title, several by their number. */
export function titlesOf(missions: readonly PlanMission[]): string {
  const [first, ...more] = new Set(missions.map(({ id }) => id));
  const title = missions.find(({ id }) => id === first)?.title ?? '';
  return more.length === 0 ? words().titled(title) : words().several(more.length + 1);
}

/**
 * What a drop there would change; null where it would change nothing. What is carried is taken as it was `seen` when it was
 * picked up: where somebody has changed it since, the server notices.
 */
export function changeOf(snapshot: Snapshot, lift: Lift, aim: Aim, copy: boolean, seen: Snapshot = snapshot): Change | null {
  const mission = aim.row === null ? undefined : snapshot.mission(aim.row);
  const user = aim.row === null ? undefined : snapshot.user(aim.row);
  switch (lift.is) {
    case 'call':
      return assign(seen.mission(lift.mission), user, lift.role);
    case 'user':
      return assign(mission, snapshot.user(lift.user), null);
    case 'assignments':
      if (mission !== undefined) return toMission(assignmentsOf(lift.ids, seen), mission, copy);
      if (user !== undefined && user.id !== lift.home) return toPerson(assignmentsOf(lift.ids, seen), user, copy);
      return inTime(lift, seen, aim.shift, copy);
    case 'missions':
    case 'edge':
      return inTime(lift, seen, aim.shift, copy && lift.is === 'missions');
  }
}

/** How many are on a post. */
export interface Crowd {
  accepted: number;
  asked: number;
  /** Put there, and not asked yet. */
  planned: number;
  quota: number;
}

/** Where a drop would leave more people on a post than it has places: who is on it already. */
export function enough(snapshot: Snapshot, lift: Lift, change: Change | null): Crowd | null {
  const carried = lift.is === 'call' ? [{ mission_id: lift.mission, role_name: lift.role }] : [];
  const added = change?.commands.filter((command) => command.type === 'assign') ?? carried;
  for (const { mission_id, role_name } of added) {
    const role = snapshot.mission(mission_id)?.roles.find((one) => one.role_name === role_name);
    if (role === undefined || role.quota === null) continue;
    const waiting = snapshot.ofMission(mission_id).filter((one) => one.role?.id === role.id && one.status === 'INVITED' && !one.leaving);
    const asked = waiting.filter(({ invitation }) => invitation !== null).length;
    const on = role.accepted + waiting.length;
    const more = added.filter((one) => one.mission_id === mission_id && one.role_name === role_name).length;
    if (on > 0 && on + more > role.quota) return { accepted: role.accepted, asked, planned: waiting.length - asked, quota: role.quota };
  }
  return null;
}

/** The post that suits somebody best: one they can do, that nobody is asked for yet. */
export function roleFor(mission: PlanMission, user: PlanningUser): string | null {
  const skills = Object.keys(user.skill_levels);
  const places = (of: typeof unaskedPlaces) => mission.roles.filter((role) => of(role) > 0);
  const able = (roles: typeof mission.roles) => roles.find(({ role_name }) => hasSkill(skills, role_name));
  const free = places(unaskedPlaces);
  const open = places(openPlaces);
  const role = able(free) ?? able(open) ?? free[0] ?? open[0] ?? able(mission.roles) ?? mission.roles[0];
  return role?.role_name ?? null;
}

function assign(mission: PlanMission | undefined, user: PlanningUser | undefined, role: string | null): Change | null {
  if (mission === undefined || user === undefined) return null;
  const command = assignment(mission, user, role ?? roleFor(mission, user));
  return { commands: [command], told: words().asked(user.name, words().titled(mission.title), false) };
}

function assignment(mission: PlanMission, user: PlanningUser, role_name: string | null): PlanningCommand {
  const role = role_name === null ? {} : { role_name };
  return { type: 'assign', mission_id: mission.id, user_id: user.id, ...role, invite: true, if_unchanged: mission.updatedAt };
}

/** Gives calls to somebody else, or to somebody else, too. */
function toPerson(carried: readonly PlanAssignment[], user: PlanningUser, copy: boolean): Change | null {
  const given = carried.filter((one) => one.user.id !== user.id);
  if (given.length === 0) return null;
  const title = titlesOf(given.map(({ mission }) => mission));
  if (copy) {
    const commands = given.map(({ mission, role }) => assignment(mission, user, role?.role_name ?? null));
    return { commands, told: words().asked(user.name, title, false) };
  }
  const commands = given.map(
    (one): PlanningCommand => ({
      type: 'reassign',
      assignment_id: one.id,
      user_id: user.id,
      invite: true,
      if_unchanged: later(one.updatedAt, one.mission.updatedAt),
    }),
  );
  return { commands, told: words().given(title, user.name, namesOf(given)) };
}

/** Puts people on another mission; off the one they were on, unless it is a copy. */
function toMission(carried: readonly PlanAssignment[], mission: PlanMission, copy: boolean): Change | null {
  const moved = carried.filter((one) => one.mission.id !== mission.id);
  if (moved.length === 0) return null;
  const commands = moved.flatMap((one): PlanningCommand[] => {
    const added = assignment(mission, one.user, roleFor(mission, one.user));
    if (copy) return [added];
    return [{ type: 'remove', assignment_id: one.id, if_unchanged: later(one.updatedAt, one.mission.updatedAt) }, added];
  });
  const asked = [namesOf(moved), words().titled(mission.title), moved.length > 1] as const;
  return { commands, told: copy ? words().asked(...asked) : words().swapped(...asked, titlesOf(moved.map((one) => one.mission))) };
}

function namesOf(assignments: readonly PlanAssignment[]): string {
  return [...new Set(assignments.map(({ user }) => user.name))].join(', ');
}

function inTime(lift: Lift, snapshot: Snapshot, shift: number, copy: boolean): Change | null {
  const to = placed(lift, snapshot, shift, copy);
  const [first] = to;
  if (first === undefined || first.start - first.mission.start + (first.end - first.mission.end) === 0) return null;
  const title = titlesOf(to.map(({ mission }) => mission));
  const at = when(first.start, first.end, first.mission.zone);
  const told = words()[lift.is === 'edge' ? stretchOf(first) : 'moved'];
  if (copy) {
    const mission_ids = to.map(({ mission }) => mission.id);
    const shift_days = daysOf(first.mission, shift);
    return { commands: [{ type: 'copy', mission_ids, shift_days, with_people: 'none' }], told: words().copied(title, at) };
  }
  // The foremost goes first: what follows it somebody may be on, too, and goes where it was.
  const inOrder = to.toSorted((one, other) => Math.sign(shift) * (other.start - one.start));
  return { commands: inOrder.map(move), told: told(title, at) };
}

function stretchOf({ mission, start, end }: Placed): 'longer' | 'shorter' {
  return end - start > mission.end - mission.start ? 'longer' : 'shorter';
}

/** Copies go to other days at the same time of the day. */
function daysOf(mission: PlanMission, shift: number): number {
  const days = Math.round(shift / DAY);
  return shiftDays(mission.start, days, mission.zone) === mission.start ? 0 : days;
}

function move({ mission, start, end }: Placed): PlanningCommand {
  return {
    type: 'move',
    mission_id: mission.id,
    start_at: timestamp(start),
    end_at: timestamp(end),
    if_unchanged: mission.updatedAt,
  };
}
