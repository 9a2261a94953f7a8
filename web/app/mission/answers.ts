/** What the panel reads. */

import { allPages, api, data } from '../api/client';
import { Refused } from '../api/refused';
import type { ActivityEntry, Assignment, Candidates, Invitation, MissionSeen } from '../api/types';

/** Ids in one address: it has room for 8 KiB. */
const IDS = 100;
/** Entries of the history. */
const ENTRIES = 200;

export async function readMission(id: string): Promise<MissionSeen> {
  return data(await api.GET('/api/v1/missions/{id}', { params: { path: { id } } }));
}

export async function readProject(id: string): Promise<string> {
  return data(await api.GET('/api/v1/projects/{id}', { params: { path: { id } } })).name;
}

export async function readAssignments(mission: string): Promise<Assignment[]> {
  return allPages((cursor) => {
    const query = { mission_id: [mission], limit: 1000, ...(cursor === undefined ? {} : { cursor }) };
    return api.GET('/api/v1/assignments', { params: { query } });
  });
}

/** The links of those who have not answered, newest first. */
export async function readInvitations(assignments: readonly Assignment[]): Promise<Invitation[]> {
  const ids = assignments.filter(({ status }) => status === 'INVITED').map(({ id }) => id);
  const parts: string[][] = [];
  for (let from = 0; from < ids.length; from += IDS) parts.push(ids.slice(from, from + IDS));
  const lists = parts.map((assignment_id) =>
    allPages((cursor) => {
      const query = { assignment_id, status: ['pending', 'expired'] as ('pending' | 'expired')[], limit: 1000 };
      return api.GET('/api/v1/invitations', { params: { query: { ...query, ...(cursor === undefined ? {} : { cursor }) } } });
    }),
  );
  return (await Promise.all(lists)).flat();
}

/** Best first; null where there is no such post. Without one, for the mission's only one. */
export async function readCandidates(id: string, role: string | null): Promise<Candidates | null> {
  const query = { limit: 1000, ...(role === null ? {} : { role_name: role }) };
  try {
    return data(await api.GET('/api/v1/missions/{id}/candidates', { params: { path: { id }, query } }));
  } catch (error) {
    if (error instanceof Refused && error.is('unknown_reference')) return null;
    throw error;
  }
}

/** Newest first. */
export async function readActivity(mission: string): Promise<ActivityEntry[]> {
  const query = { mission_id: [mission], limit: ENTRIES };
  return data(await api.GET('/api/v1/activity', { params: { query } }));
}
