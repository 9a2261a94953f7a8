/** Answers that ask something of a planner: a no that left a place open, and those that do not come. */

import type { ActivityEntry, Assignment, Invitation, Mission } from '../api/types';
import { openPlaces, unaskedPlaces } from '../plan/snapshot';
import { type Instant, instant } from '../time/zone';

/** A no for whose place nobody else was asked yet. */
export interface Loss {
  assignment: Assignment;
  mission: Mission;
  /** Whether they had said yes before. */
  withdrawn: boolean;
  at: Instant;
}

/**
 * Which noes still matter: those of posts with places that nobody is asked for, of each post as many of the latest as it
 * has such places. By the mission's start.
 */
export function losses(
  entries: readonly ActivityEntry[],
  assignments: readonly Assignment[],
  missions: ReadonlyMap<string, Mission>,
  now: Instant,
): Loss[] {
  const declined = new Map(assignments.filter(({ status }) => status === 'DECLINED').map((one) => [one.id, one]));
  const left = new Map<string, number>();
  const found: Loss[] = [];
  // Newest first, as the API lists them.
  for (const { kind, assignment_id, at } of entries) {
    if ((kind !== 'declined' && kind !== 'withdrawn') || assignment_id === null) continue;
    const assignment = declined.get(assignment_id);
    if (assignment === undefined) continue;
    declined.delete(assignment_id);
    const mission = missions.get(assignment.mission_id);
    const role = mission?.roles.find(({ id }) => id === assignment.mission_role_id);
    if (mission === undefined || role === undefined || instant(mission.end_at) <= now) continue;
    const places = left.get(role.id) ?? unaskedPlaces(role);
    if (places === 0) continue;
    left.set(role.id, places - 1);
    found.push({ assignment, mission, withdrawn: kind === 'withdrawn', at: instant(at) });
  }
  return found.sort((one, other) => instant(one.mission.start_at) - instant(other.mission.start_at) || other.at - one.at);
}

/** Somebody who was asked and does not answer. */
export interface Silence {
  invitation: Invitation;
  assignment: Assignment;
  /** When they were last asked. */
  since: Instant;
  /** Whether the link has closed: nobody can answer it until they are reminded. */
  closed: boolean;
  /** Whether the post has all its people, so that a yes would be refused. */
  full: boolean;
}

/** The invitations of people who are asked for missions ahead, by the mission's start. */
export function silences(
  invitations: readonly Invitation[],
  assignments: readonly Assignment[],
  missions: ReadonlyMap<string, Mission>,
  now: Instant,
): Silence[] {
  const asked = new Map(assignments.filter(({ status }) => status === 'INVITED').map((one) => [one.id, one]));
  const found: Silence[] = [];
  for (const invitation of invitations) {
    const assignment = asked.get(invitation.assignment_id);
    const mission = assignment && missions.get(assignment.mission_id);
    if (assignment === undefined || mission === undefined || instant(assignment.end_at) <= now) continue;
    asked.delete(assignment.id);
    const role = mission.roles.find(({ id }) => id === assignment.mission_role_id);
    found.push({
      invitation,
      assignment,
      since: instant(invitation.reminded_at ?? invitation.created_at),
      closed: invitation.status === 'expired',
      full: typeof role?.quota === 'number' && openPlaces(role) === 0,
    });
  }
  const start = (one: Silence): Instant => instant(one.assignment.start_at);
  return found.sort((one, other) => start(one) - start(other) || one.since - other.since);
}
