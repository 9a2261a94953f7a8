import { expect, test } from 'vitest';
import type { ActivityEntry, Assignment, Invitation, Mission } from '../api/types';
import { instant } from '../time/zone';
import { losses, silences } from './answers';

const NOW = instant('2026-07-06T08:00:00Z');

const END = '2026-07-08T10:00:00Z';

function mission(id: string, quota: number | null, accepted = 0, invited = 0, end_at = END): [string, Mission] {
  const none = { project_id: null, role: null, location: null, note: null, cancelled_at: null };
  const at = '2026-07-01T08:00:00Z';
  const roles = [{ id: `${id} role`, role_name: 'son', quota, accepted, invited }];
  return [id, { ...none, id, title: id, start_at: at, end_at, timezone: 'Europe/Paris', roles, created_at: at, updated_at: at }];
}

function assignment(id: string, mission_id: string, status: Assignment['status'], start_at = '2026-07-08T08:00:00Z'): Assignment {
  const none = { note: null, decline_reason: null, conflict_override: null, project_title: null, location: null, told_at: null };
  const of = { mission_role_id: `${mission_id} role`, role_name: 'son', mission_title: mission_id, user_id: id, user_name: id };
  const at = { start_at, end_at: '2026-07-08T10:00:00Z', created_at: start_at, updated_at: start_at };
  return { ...none, ...of, ...at, id, mission_id, status, needs_confirmation: false };
}

function entry(assignment_id: string, kind: ActivityEntry['kind'], at: string): ActivityEntry {
  const none = { mission_title: null, project_id: null, user_id: null, user_name: null, actor_email: null };
  return { ...none, id: `${assignment_id} ${at}`, kind, at, mission_id: '', assignment_id, own: true, actor_kind: 'invitation' };
}

function invitation(assignment_id: string, more: Partial<Invitation> = {}): Invitation {
  const unanswered = { answered_at: null, answer: null, revoked_at: null };
  const none = { ...unanswered, email: null, answer_by: null, delivery_error: null, reminded_at: null };
  const at = { expires_at: '2026-07-09T08:00:00Z', created_at: '2026-07-02T08:00:00Z' };
  return { ...none, ...at, id: `${assignment_id} link`, assignment_id, status: 'pending', delivery: 'sent', ...more };
}

test('a no matters while nobody is asked for its place', () => {
  const missions = new Map([mission('open', 1), mission('asked', 1, 0, 1), mission('full', 1, 1), mission('any', null)]);
  const assignments = ['open', 'asked', 'full', 'any'].map((id) => assignment(id, id, 'DECLINED'));
  const entries = ['open', 'asked', 'full', 'any'].map((id) => entry(id, 'declined', '2026-07-05T08:00:00Z'));
  expect(losses(entries, assignments, missions, NOW).map((one) => one.assignment.id)).toEqual(['open']);
});

test('a no that was taken back, or whose mission is over or called off, does not matter', () => {
  const missions = new Map([mission('open', 3), mission('over', 3, 0, 0, '2026-07-06T08:00:00Z')]);
  const assignments = [
    assignment('again', 'open', 'INVITED'),
    assignment('late', 'over', 'DECLINED'),
    assignment('off', 'gone', 'DECLINED'),
  ];
  const entries = ['again', 'late', 'off', 'unknown'].map((id) => entry(id, 'declined', '2026-07-05T08:00:00Z'));
  expect(losses(entries, assignments, missions, NOW)).toEqual([]);
});

test('of several noes to a post the latest matter, as many as it has places; each once', () => {
  const missions = new Map([mission('open', 2)]);
  const assignments = ['a', 'b', 'c'].map((id) => assignment(id, 'open', 'DECLINED'));
  const entries = [
    entry('a', 'withdrawn', '2026-07-05T12:00:00Z'),
    entry('a', 'accepted', '2026-07-05T11:00:00Z'),
    entry('a', 'declined', '2026-07-05T10:00:00Z'),
    entry('b', 'declined', '2026-07-05T09:00:00Z'),
    entry('c', 'declined', '2026-07-05T08:00:00Z'),
  ];
  const found = losses(entries, assignments, missions, NOW);
  expect(found.map((one) => [one.assignment.id, one.withdrawn])).toEqual([
    ['a', true],
    ['b', false],
  ]);
});

test('silence is since the last reminder, soonest mission first', () => {
  const missions = new Map([mission('open', 1)]);
  const assignments = [assignment('late', 'open', 'INVITED', '2026-07-08T09:00:00Z'), assignment('soon', 'open', 'INVITED')];
  const invitations = [invitation('late', { reminded_at: '2026-07-04T08:00:00Z' }), invitation('soon')];
  expect(silences(invitations, assignments, missions, NOW).map((one) => [one.assignment.id, one.since])).toEqual([
    ['soon', instant('2026-07-02T08:00:00Z')],
    ['late', instant('2026-07-04T08:00:00Z')],
  ]);
});

test('only people who are still asked, each once', () => {
  const missions = new Map([mission('open', 1)]);
  const assignments = [
    assignment('asked', 'open', 'INVITED'),
    assignment('no', 'open', 'DECLINED'),
    assignment('off', 'gone', 'INVITED'),
  ];
  const invitations = ['asked', 'asked', 'no', 'off', 'unknown'].map((id) => invitation(id));
  expect(silences(invitations, assignments, missions, NOW)).toHaveLength(1);
});

test('a full post and a closed link are told', () => {
  const missions = new Map([mission('full', 1, 1, 1), mission('any', null)]);
  const assignments = [assignment('a', 'full', 'INVITED'), assignment('b', 'any', 'INVITED')];
  const found = silences([invitation('a'), invitation('b', { status: 'expired' })], assignments, missions, NOW);
  expect(found.map(({ full, closed }) => [full, closed])).toEqual([
    [true, false],
    [false, true],
  ]);
});
