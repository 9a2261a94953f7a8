/** Posts with places that nobody accepted: which, in which order, and how many. */

import type { Assignment, Mission, MissionRole } from '../api/types';
import { openPlaces, unaskedPlaces } from '../plan/snapshot';
import { type CalendarDate, dayOf } from '../time/calendar';
import { type Instant, instant } from '../time/zone';

export interface OpenPost {
  mission: Mission;
  role: MissionRole;
  /** Places that nobody accepted. */
  missing: number;
  /** Whether as many people were asked: then there is nothing to do but to wait. */
  waiting: boolean;
  /** People who were put there and not asked yet. */
  planned: number;
  /** Whether nobody is to be found any more: those who are planned are to be asked. */
  found: boolean;
  /** The day of its start, or today where that has passed. */
  day: CalendarDate;
}

/** How many there are of each post, by its id. */
export function byPost(assignments: readonly Assignment[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { mission_role_id: role } of assignments) {
    if (role !== null) counts.set(role, (counts.get(role) ?? 0) + 1);
  }
  return counts;
}

/** A mission whose posts count as invited only those who were asked. */
export function withoutPlanned(mission: Mission, planned: ReadonlyMap<string, number>): Mission {
  const roles = mission.roles.map((role) => ({ ...role, invited: role.invited - (planned.get(role.id) ?? 0) }));
  return { ...mission, roles };
}

/**
 * Open posts of missions that are not over, whose posts count as invited only those who were asked; day by day, those that somebody
 * has to be asked for first, then by start.
 */
export function openPosts(missions: Iterable<Mission>, planned: ReadonlyMap<string, number>, now: Instant): OpenPost[] {
  const posts: (OpenPost & { start: Instant })[] = [];
  for (const mission of missions) {
    const open = mission.roles.filter((role) => openPlaces(role) > 0);
    if (open.length === 0 || instant(mission.end_at) <= now) continue;
    const start = instant(mission.start_at);
    const day = dayOf(Math.max(start, now), mission.timezone);
    for (const role of open) {
      const [unasked, ready] = [unaskedPlaces(role), planned.get(role.id) ?? 0];
      const found = unasked > 0 && ready >= unasked;
      posts.push({ mission, role, missing: openPlaces(role), waiting: unasked === 0, planned: ready, found, day, start });
    }
  }
  return posts.sort(
    (one, other) =>
      one.day.compare(other.day) ||
      Number(one.waiting) - Number(other.waiting) ||
      one.start - other.start ||
      one.mission.title.localeCompare(other.mission.title) ||
      one.mission.id.localeCompare(other.mission.id),
  );
}

export interface Numbers {
  /** Places that nobody accepted. */
  open: number;
  /** People who were asked for a post and have not answered. */
  awaited: number;
}

/** Numbers of the missions that are not over and start before an instant. */
export function numbers(missions: Iterable<Mission>, now: Instant, until: Instant): Numbers {
  const counted: Numbers = { open: 0, awaited: 0 };
  for (const { start_at, end_at, roles } of missions) {
    if (instant(end_at) <= now || instant(start_at) >= until) continue;
    for (const role of roles) {
      counted.open += openPlaces(role);
      counted.awaited += role.invited;
    }
  }
  return counted;
}
