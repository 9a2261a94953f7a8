import { beforeEach, expect, test, vi } from 'vitest';
import { Refused } from '../api/refused';
import type { Assignment, MissionSeen, Problem } from '../api/types';
import { isFull } from './facts';
import type { Intent } from './server';

vi.mock('../live/live.svelte', () => ({ live: { subscribe: () => () => undefined } }));
vi.mock('../time/now.svelte', () => ({ now: { at: Date.parse('2026-12-01T12:00:00Z') } }));
vi.mock('./server', () => ({ readAssignment: vi.fn(), readAssignments: vi.fn(), readMission: vi.fn(), send: vi.fn() }));

const { calls } = await import('./calls.svelte');
const server = vi.mocked(await import('./server'));

const shown = {
  id: 'a', mission_id: 'm', mission_role_id: 'r', status: 'INVITED', needs_confirmation: false, mission_title: 'Montage', location: 'Studio',
  role_name: 'son', start_at: '2026-12-02T08:00:00Z', end_at: '2026-12-02T12:00:00Z',
} as Assignment;
const yes: Intent = { decision: 'accept', reason: null, key: 'k' };
const no: Intent = { decision: 'decline', reason: 'Malade', key: 'k' };

function refused(code: Problem['code']): Refused {
  return new Refused({ code, detail: '', request_id: '', status: 409, title: '', type: '' });
}

/** What the server shows, one answer after the other. */
function shows(...changes: Partial<Assignment>[]): void {
  changes.forEach((change, index) => {
    server.readAssignment.mockResolvedValueOnce({ assignment: { ...shown, ...change }, tag: `"${String(index)}"` });
  });
}

function mission(accepted = 0): MissionSeen {
  const roles = [{ id: 'r', role_name: 'son', invited: 1, accepted, quota: 1 }];
  return { ...shown, id: 'm', title: 'Montage', timezone: 'Europe/Paris', cancelled_at: null, roles } as unknown as MissionSeen;
}

beforeEach(() => {
  vi.resetAllMocks();
  server.readAssignments.mockResolvedValue([]);
  server.readMission.mockResolvedValue(mission());
});

test('an answer is sent on the condition that it is still what was shown', async () => {
  shows({});
  server.send.mockResolvedValueOnce('ACCEPTED');
  expect(await calls.answer(shown, yes)).toEqual({ is: 'done' });
  expect(server.send).toHaveBeenCalledExactlyOnceWith('a', yes, '"0"');
  expect(calls.find('a')?.status).toBe('ACCEPTED');
});

test('nothing is sent for what has moved since it was shown', async () => {
  shows({ start_at: '2026-12-02T09:00:00Z' });
  expect(await calls.answer(shown, yes)).toEqual({ is: 'changed' });
  expect(server.send).not.toHaveBeenCalled();
  expect(calls.find('a')?.start_at).toBe('2026-12-02T09:00:00Z');
});

test('one that moves between looking and sending is looked at again', async () => {
  shows({}, { location: 'Grande salle' });
  server.send.mockRejectedValueOnce(refused('precondition_failed'));
  expect(await calls.answer(shown, yes)).toEqual({ is: 'changed' });
  expect(server.send).toHaveBeenCalledTimes(1);
});

test('what is no business of the person does not stop an answer', async () => {
  shows({}, { told_at: '2026-12-01T12:00:00Z' });
  server.send.mockRejectedValueOnce(refused('precondition_failed')).mockResolvedValueOnce('DECLINED');
  expect(await calls.answer(shown, no)).toEqual({ is: 'done' });
  expect(server.send).toHaveBeenLastCalledWith('a', no, '"1"');
  expect(calls.find('a')?.decline_reason).toBe('Malade');
});

test('an answer whose own answer was lost is not sent again', async () => {
  shows({ status: 'ACCEPTED' });
  expect(await calls.answer(shown, yes)).toEqual({ is: 'done' });
  expect(server.send).not.toHaveBeenCalled();
});

test('a no does not take back a yes that was given elsewhere', async () => {
  shows({ status: 'ACCEPTED' });
  expect(await calls.answer(shown, no)).toEqual({ is: 'elsewhere' });
  expect(server.send).not.toHaveBeenCalled();
});

test('a refusal that is about the call is told, any other fails', async () => {
  shows({}, {});
  const clash = refused('schedule_conflict');
  server.send.mockRejectedValueOnce(clash).mockRejectedValueOnce(refused('unavailable'));
  expect(await calls.answer(shown, yes)).toEqual({ is: 'refused', refused: clash });
  await expect(calls.answer(shown, yes)).rejects.toThrow(Refused);
});

test('a post that turns out to be filled waits for nothing, until a place is free again', async () => {
  server.readAssignments.mockResolvedValue([shown]);
  await calls.reload();
  expect(calls.waiting).toBe(1);
  shows({});
  server.send.mockRejectedValueOnce(refused('quota_reached'));
  server.readMission.mockResolvedValue(mission(1));
  expect(await calls.answer(shown, yes)).toEqual({ is: 'full' });
  expect(calls.waiting).toBe(0);
  server.readMission.mockResolvedValue(mission(0));
  await calls.reload();
  expect(calls.waiting).toBe(1);
});

test('who leaves the only place of a post can come after all', async () => {
  const accepted = { ...shown, status: 'ACCEPTED' } as Assignment;
  const isFilled = () => isFull({ ...shown, status: 'DECLINED' }, calls.call(accepted)?.mission);
  for (const needs_confirmation of [false, true]) {
    const mine = { ...accepted, needs_confirmation };
    shows(mine, mine);
    server.readMission.mockResolvedValue(mission(1));
    await calls.open('a');
    expect(isFilled()).toBe(true);
    server.send.mockResolvedValueOnce('DECLINED');
    expect(await calls.answer(mine, no)).toEqual({ is: 'done' });
    expect(isFilled()).toBe(false);
  }
});

test('whoever withdrew elsewhere, or was refused once, is not told for ever that the post is filled', async () => {
  const declined = { ...shown, status: 'DECLINED' } as Assignment;
  const isFilled = () => isFull(declined, calls.call(declined)?.mission);
  shows(declined);
  server.readMission.mockResolvedValue(mission(1));
  await calls.open('a');
  expect(isFilled()).toBe(true);
  server.readAssignments.mockResolvedValue([declined]);
  server.readMission.mockResolvedValue(mission(0));
  await calls.reload();
  expect(isFilled()).toBe(false);
});

test('what comes while the screen is open takes nobody’s place', async () => {
  const earlier = { ...shown, id: 'earlier', start_at: '2026-12-01T18:00:00Z', end_at: '2026-12-01T20:00:00Z' };
  server.readAssignments.mockResolvedValueOnce([shown]).mockResolvedValueOnce([earlier, shown]);
  await calls.reload();
  await calls.reload();
  expect(calls.sections.toAnswer.map(({ id }) => id)).toEqual(['a', 'earlier']);
});
