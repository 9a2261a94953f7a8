/** What the server is asked about calls. */

import { allPages, api, data } from '../api/client';
import type { Assignment, AssignmentStatus, MissionSeen } from '../api/types';
import { type Instant, timestamp } from '../time/zone';

export type Decision = 'accept' | 'decline' | 'confirm';

/** A wish of a person to answer. Sent again under the same key, it is done once. */
export interface Intent {
  decision: Decision;
  reason: string | null;
  key: string;
}

/** One's own assignments, by start: those whose missions end after `from` and begin before `to`. */
export async function readAssignments(range: { from?: Instant; to?: Instant }): Promise<Assignment[]> {
  const bounds = Object.fromEntries(Object.entries(range).map(([name, at]) => [name, timestamp(at)]));
  return allPages((cursor) => {
    const query = { me: '1' as const, limit: 1000, ...bounds, ...(cursor === undefined ? {} : { cursor }) };
    return api.GET('/api/v1/assignments', { params: { query } });
  });
}

/** An assignment, and the tag of what it shows. */
export async function readAssignment(id: string): Promise<{ assignment: Assignment; tag: string }> {
  const answer = await api.GET('/api/v1/assignments/{id}', { params: { path: { id } } });
  return { assignment: data(answer), tag: answer.response.headers.get('etag') ?? '*' };
}

/** A mission, with who else comes. */
export async function readMission(id: string): Promise<MissionSeen> {
  return data(await api.GET('/api/v1/missions/{id}', { params: { path: { id } } }));
}

/** Answers, if the assignment is still what the tag was of; else 412. */
export async function send(id: string, { decision, reason, key }: Intent, tag: string): Promise<AssignmentStatus> {
  const params = { path: { id }, header: { 'If-Match': tag, 'Idempotency-Key': key } };
  if (decision === 'accept') return data(await api.POST('/api/v1/assignments/{id}/accept', { params })).status;
  if (decision === 'confirm') return data(await api.POST('/api/v1/assignments/{id}/confirm', { params })).status;
  return data(await api.POST('/api/v1/assignments/{id}/decline', { params, body: { reason } })).status;
}
