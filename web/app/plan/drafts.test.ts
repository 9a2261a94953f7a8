import { expect, test } from 'vitest';
import type { PlanningCommand } from '../api/types';
import { draft, draftId } from './drafts';
import { assignment, sample } from './sample';
import { Snapshot } from './snapshot';

const plan = sample({ assignments: [assignment('montage', 'ada'), assignment('concert', 'bob', { status: 'INVITED' })] });
const after = (...commands: PlanningCommand[]): Snapshot => new Snapshot(draft(plan, { number: 7, commands }));

test('what is asked is shown as sent, at the post that is named', () => {
  const [one] = after({ type: 'assign', mission_id: 'montage', user_id: 'bob', role_name: 'Lumière', invite: true }).ofUser('bob');
  expect(one).toMatchObject({ pending: true, status: 'INVITED', role: { role_name: 'Lumière' } });
});

test('a call that is given on is another one: the first goes, and the other comes by a name of its own', () => {
  const snapshot = after({ type: 'reassign', assignment_id: 'ada@montage', user_id: 'cleo' });
  expect(snapshot.ofUser('ada')[0]).toMatchObject({ id: 'ada@montage', pending: true, leaving: true });
  expect(snapshot.ofUser('cleo')[0]).toMatchObject({ id: draftId(7, 0), pending: true, leaving: false, status: 'INVITED' });
});

test('a move takes its people along', () => {
  const snapshot = after({ type: 'move', mission_id: 'montage', start_at: '2026-12-03T08:00:00Z', end_at: '2026-12-03T17:00:00Z' });
  expect(snapshot.ofUser('ada')[0]?.mission).toMatchObject({ pending: true, start: Date.parse('2026-12-03T08:00:00Z') });
});

test('who is taken off is shown until that is acknowledged, and a yes is one', () => {
  const snapshot = after({ type: 'remove', assignment_id: 'ada@montage' }, { type: 'set_status', assignment_id: 'bob@concert', status: 'ACCEPTED' });
  expect(snapshot.assignment('ada@montage')).toMatchObject({ pending: true, leaving: true });
  expect(snapshot.assignment('bob@concert')).toMatchObject({ pending: true, leaving: false, status: 'ACCEPTED' });
});

test('what was read before its answer came is not there twice', () => {
  expect(after({ type: 'assign', mission_id: 'montage', user_id: 'ada', invite: true }).ofUser('ada')).toHaveLength(1);
});

test('nothing that copies make has a name that something else has', () => {
  const copy = { type: 'copy', mission_ids: ['montage', 'concert'], shift_days: 1 } as const;
  const { missions } = after({ ...copy, mission_ids: [...copy.mission_ids] }, { ...copy, mission_ids: [...copy.mission_ids], shift_days: 2 });
  const ids = missions.filter(({ pending }) => pending).flatMap(({ id, roles }) => [id, ...roles.map((role) => role.id)]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(missions.map(({ id }) => id)).toContain(draftId(7, 1, 1));
});

test('a copy keeps the wall clock in the week in which the clocks change', () => {
  const spring = sample({ missions: plan.missions.map((row) => ({ ...row, start_at: '2027-03-27T19:00:00Z', end_at: '2027-03-27T22:00:00Z' })) });
  const copies = new Snapshot(draft(spring, { number: 7, commands: [{ type: 'copy', mission_ids: ['concert'], shift_days: 1 }] }));
  const copy = copies.missions.find(({ pending }) => pending);
  expect(copy?.start).toBe(Date.parse('2027-03-28T18:00:00Z'));
});

test('the answer of the server stays as it is', () => {
  const before = structuredClone(plan);
  after({ type: 'remove', assignment_id: 'ada@montage' });
  expect(plan).toEqual(before);
});
