/** What a call is, as far as an answer depends on it. Pure: nothing here asks or changes anything. */

import type { Assignment, Mission, MissionSeen } from '../api/types';
import { type Instant, instant, isOneDay, offset } from '../time/zone';

/** Somebody's assignment, with what only its mission says. */
export interface Call {
  assignment: Assignment;
  mission: MissionSeen;
  /** What the person was shown before, where that is another time, place or role by now. */
  was: Seen | null;
}

/** What a yes is a yes to. */
export interface Seen {
  start: Instant;
  end: Instant;
  zone: string;
  place: string | null;
  role: string | null;
}

/** Where a call stands, as people say it. */
export type Standing = 'asked' | 'full' | 'confirm' | 'accepted' | 'declined' | 'off' | 'takenOff' | 'unanswered';

export function seen(assignment: Assignment, mission: Mission): Seen {
  return {
    start: instant(assignment.start_at),
    end: instant(assignment.end_at),
    zone: mission.timezone,
    place: assignment.location,
    role: assignment.role_name,
  };
}

export function isSame(one: Seen, other: Seen): boolean {
  return sameTimes(one, other) && one.place === other.place && one.role === other.role;
}

export function sameTimes(one: Seen, other: Seen): boolean {
  return one.start === other.start && one.end === other.end && one.zone === other.zone;
}

/** Whether an answer given to `shown` may be sent for what is there `now`; the zone is the mission's, and not looked at. */
export function isStillShown(shown: Assignment, now: Assignment): boolean {
  return (
    shown.start_at === now.start_at &&
    shown.end_at === now.end_at &&
    shown.location === now.location &&
    shown.role_name === now.role_name
  );
}

export function isOver({ end_at }: Assignment, now: Instant): boolean {
  return instant(end_at) <= now;
}

export function standing({ assignment, mission }: Call, now: Instant): Standing {
  if (mission.cancelled_at !== null) return 'off';
  if (assignment.status === 'CANCELLED') return 'takenOff';
  if (assignment.status === 'DECLINED') return 'declined';
  if (assignment.status === 'INVITED') {
    if (isOver(assignment, now)) return 'unanswered';
    return isFull(assignment, mission) ? 'full' : 'asked';
  }
  return assignment.needs_confirmation && !isOver(assignment, now) ? 'confirm' : 'accepted';
}

/** Whether others have taken all places of the post: who has accepted is one of those counted. Of an unknown mission it is not. */
export function isFull({ status, mission_role_id }: Assignment, mission: Mission | undefined): boolean {
  const role = mission?.roles.find(({ id }) => id === mission_role_id);
  return status !== 'ACCEPTED' && role !== undefined && role.quota !== null && role.accepted >= role.quota;
}

/** Missions by their ids, as far as they are known. */
type Missions = ReadonlyMap<string, Mission>;

/** Whether somebody waits for an answer: not to a call whose post is filled. */
export function waits(assignment: Assignment, now: Instant, missions: Missions): boolean {
  if (isOver(assignment, now)) return false;
  if (assignment.status === 'INVITED') return !isFull(assignment, missions.get(assignment.mission_id));
  return assignment.status === 'ACCEPTED' && assignment.needs_confirmation;
}

/** What the person has accepted at the time of another call. */
export function clashes(assignment: Assignment, all: readonly Assignment[]): Assignment[] {
  return overlapping(assignment, all).filter(({ status }) => status === 'ACCEPTED');
}

/** What the person is asked for at the time of another call, and has not answered either. */
export function rivals(assignment: Assignment, all: readonly Assignment[], now: Instant, missions: Missions): Assignment[] {
  return overlapping(assignment, all).filter((one) => one.status === 'INVITED' && waits(one, now, missions));
}

/** One may begin at the very instant that another ends. */
function overlapping(assignment: Assignment, all: readonly Assignment[]): Assignment[] {
  return all.filter(
    (other) =>
      other.id !== assignment.id &&
      instant(other.start_at) < instant(assignment.end_at) &&
      instant(assignment.start_at) < instant(other.end_at),
  );
}

/**
 * Whether the planner took the person off it, or called all of it off. Nothing tells whether they had accepted: they may come, so
 * they are told. Who was put on it again under another assignment is expected.
 */
function isCalledOff({ status, mission_id }: Assignment, all: readonly Assignment[]): boolean {
  const isOn = (other: Assignment): boolean => other.status === 'INVITED' || other.status === 'ACCEPTED';
  return status === 'CANCELLED' && !all.some((other) => other.mission_id === mission_id && isOn(other));
}

export interface Sections {
  toAnswer: Assignment[];
  next: Assignment[];
  notComing: Assignment[];
}

/**
 * What is ahead, by what there is to do. One that was answered on this screen stays where it was until the screen is left:
 * nothing moves away under a finger. What was called off stays among what is next, so that nobody travels for nothing.
 */
export function sections(
  all: readonly Assignment[],
  answered: ReadonlySet<string>,
  now: Instant,
  missions: Missions = new Map(),
): Sections {
  const parts: Sections = { toAnswer: [], next: [], notComing: [] };
  for (const one of all) {
    if (waits(one, now, missions) || answered.has(one.id)) parts.toAnswer.push(one);
    else if (isOver(one, now)) continue;
    else if (one.status === 'ACCEPTED' || isCalledOff(one, all)) parts.next.push(one);
    else parts.notComing.push(one);
  }
  return parts;
}

/** What to dial. Abroad, the zero in brackets is not dialled; a text that is not certainly one number is not a link. */
export function dialled(phone: string): string | null {
  const text = phone.trim().startsWith('+') ? phone.replace('(0)', '') : phone;
  const number = text.replace(/[^\d+]/g, '');
  const digits = number.replace(/\D/g, '').length;
  return /^[\d+ .\-()\u00a0\u202f]+$/.test(phone) && digits >= 5 && digits <= 15 ? `tel:${number}` : null;
}

/** Whether it ends on a later day than it begins; at midnight it ends on its own day. */
export function endsLater({ start, end, zone }: Seen): boolean {
  return !isOneDay(start, end, zone);
}

/** Whether the clocks are changed between its start and its end. */
export function clocksChange({ start, end, zone }: Seen): boolean {
  return offset(start, zone) !== offset(end, zone);
}
