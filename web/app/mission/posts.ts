/** The posts of a mission with who is on them, and which of them is looked at first. */

import type { Assignment, Invitation, MissionRole } from '../api/types';
import { openPlaces, unaskedPlaces } from '../plan/snapshot';

/** Somebody on the mission, or who was, with the link that waits for their answer. */
export interface Member {
  assignment: Assignment;
  invitation: Invitation | null;
}

export interface Post {
  /** The role's id; `''` for those without one. */
  id: string;
  role: MissionRole | null;
  /** Accepted, then asked. */
  crew: Member[];
  declined: Member[];
}

/** Of several links of an assignment the newest counts. `invitations` are newest first, as the API lists them. */
export function membersOf(assignments: readonly Assignment[], invitations: readonly Invitation[]): Member[] {
  const newest = new Map<string, Invitation>();
  for (const one of invitations) if (!newest.has(one.assignment_id)) newest.set(one.assignment_id, one);
  return assignments.map((assignment) => ({ assignment, invitation: newest.get(assignment.id) ?? null }));
}

/** Those without a post are listed where there are any, or no posts at all. */
export function postsOf(
  roles: readonly MissionRole[],
  members: readonly Member[],
  compare: (one: string, other: string) => number,
): Post[] {
  const on = (id: string | null): Member[] => members.filter(({ assignment }) => assignment.mission_role_id === id);
  const post = (role: MissionRole | null): Post => {
    const all = on(role?.id ?? null);
    const named = (one: Member, other: Member): number => compare(one.assignment.user_name, other.assignment.user_name);
    const of = (status: Assignment['status']): Member[] =>
      all.filter(({ assignment }) => assignment.status === status).sort(named);
    const crew = [...of('ACCEPTED'), ...of('INVITED')];
    return { id: role?.id ?? '', role, crew, declined: withoutAgain(of('DECLINED'), members) };
  };
  const without = post(null);
  const listed = roles.length === 0 || without.crew.length > 0 || without.declined.length > 0;
  return [...roles.map(post), ...(listed ? [without] : [])];
}

/** Whoever said no and is on the mission again has said no no longer. */
function withoutAgain(declined: Member[], members: readonly Member[]): Member[] {
  const active = new Set(members.filter(isActive).map(({ assignment }) => assignment.user_id));
  return declined.filter(({ assignment }) => !active.has(assignment.user_id));
}

/** Whether somebody is on the mission and was never asked. The server counts them as asked. */
export function isPlanned({ assignment, invitation }: Member): boolean {
  return assignment.status === 'INVITED' && invitation === null;
}

export function isActive({ assignment }: Member): boolean {
  return assignment.status === 'ACCEPTED' || assignment.status === 'INVITED';
}

/** The post with the most places that nobody is asked for; else with the most that nobody accepted; else the first. */
export function firstPost(posts: readonly Post[]): Post | undefined {
  const most = (places: (role: MissionRole) => number): Post | undefined => {
    const count = (post: Post): number => (post.role === null ? 0 : places(post.role));
    const best = posts.reduce((best, post) => Math.max(best, count(post)), 0);
    return best === 0 ? undefined : posts.find((post) => count(post) === best);
  };
  return most(unaskedPlaces) ?? most(openPlaces) ?? posts[0];
}

export type Filled =
  | { is: 'full' }
  /** Enough are asked; answers are awaited. */
  | { is: 'asked'; places: number }
  /** Enough are planned, of whom some are still to be asked. */
  | { is: 'planned'; places: number }
  | { is: 'open'; places: number }
  /** Any number may come. */
  | { is: 'any' };

/** `planned` are those of the post whom nobody has asked yet. */
export function filled(role: MissionRole | null, planned: number): Filled {
  if (role === null || role.quota === null) return { is: 'any' };
  const unasked = unaskedPlaces(role);
  if (unasked > 0) return { is: 'open', places: unasked };
  const open = openPlaces(role);
  if (open > 0 && planned > 0) return { is: 'planned', places: planned };
  return open > 0 ? { is: 'asked', places: open } : { is: 'full' };
}
