/** What asking sends. */

import type { MissionRole, PlanningCommand } from '../api/types';
import { openPlaces, unaskedPlaces } from '../plan/snapshot';
import { type Post, isPlanned } from './posts';

/** Somebody who is picked, and the post they are to be asked for. */
export interface Pick {
  user: string;
  name: string;
  role: MissionRole | null;
}

type Assign = Extract<PlanningCommand, { type: 'assign' }>;

function assign(mission: string, { user, role }: Pick): Assign {
  const post = role === null ? {} : { role_name: role.role_name };
  return { type: 'assign', mission_id: mission, user_id: user, ...post };
}

/** Asks everyone who is picked, by a link each, all or nobody. */
export function ask(mission: string, picks: readonly Pick[]): PlanningCommand[] {
  return picks.map((pick) => ({ ...assign(mission, pick), status: 'INVITED', invite: true }));
}

/** Notes that somebody said yes, and asks nobody. */
export function accept(mission: string, pick: Pick): PlanningCommand[] {
  return [{ ...assign(mission, pick), status: 'ACCEPTED', invite: false }];
}

/**
 * For how many places those who are picked are asked: those that nobody is asked for yet, each post counted once; of a post
 * whose places are all asked for, those that nobody accepted.
 */
export function placesFor(picks: readonly Pick[], roles: readonly MissionRole[]): number {
  const wanted = new Set(picks.map(({ role }) => role?.id));
  return roles
    .filter(({ id }) => wanted.has(id))
    .map((role) => unaskedPlaces(role) || openPlaces(role))
    .reduce((sum, places) => sum + places, 0);
}

/** The first post of those who are picked that has no place left but those that are accepted, asked for or planned. */
export function fullPost(picks: readonly Pick[], roles: readonly MissionRole[]): MissionRole | null {
  const wanted = new Set(picks.map(({ role }) => role?.id));
  return roles.find((role) => wanted.has(role.id) && role.quota !== null && unaskedPlaces(role) === 0) ?? null;
}

export interface Crowd {
  asked: number;
  places: number;
}

/**
 * Of the posts that have fewer places than people who are asked, once those who are picked are, too: how many of each. Null where
 * there is no such post. It is allowed: the first to say yes get the places.
 */
export function crowd(picks: readonly Pick[], posts: readonly Post[]): Crowd | null {
  const crowded = posts.flatMap(({ role, crew }): Crowd[] => {
    const picked = picks.filter((pick) => pick.role?.id === role?.id).length;
    if (role === null || role.quota === null || picked === 0) return [];
    const asked = picked + crew.filter((one) => one.assignment.status === 'INVITED' && !isPlanned(one)).length;
    const places = openPlaces(role);
    return asked > places ? [{ asked, places }] : [];
  });
  const sum = (of: keyof Crowd): number => crowded.reduce((all, one) => all + one[of], 0);
  return crowded.length === 0 ? null : { asked: sum('asked'), places: sum('places') };
}
