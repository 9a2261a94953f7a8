import { expect, test, vi } from 'vitest';
import { CHANGED, assignment, mission, role, sample, user } from '../plan/sample';
import { Snapshot } from '../plan/snapshot';
import { type Lift, byDays, changeOf, enough, placed, roleFor, settled } from './lift';

// Names of what was done depend on the language, which is the browser's.
vi.mock('../words/language.svelte', () => ({ dictionary: (both: { en: object }) => () => both.en, language: { current: 'en' } }));

const HOUR = 3_600_000;
const snapshot = new Snapshot(sample({ assignments: [assignment('montage', 'ada'), assignment('concert', 'bob')] }));
const aim = (row: string | null, shift = 0): { row: string | null; shift: number } => ({ row, shift });

test('a call on a person asks them, and a person on a call is the same', () => {
  const command = { type: 'assign', mission_id: 'montage', user_id: 'bob', role_name: 'son', invite: true, if_unchanged: CHANGED };
  expect(changeOf(snapshot, { is: 'call', mission: 'montage', role: 'son' }, aim('bob'), false)?.commands).toEqual([command]);
  expect(changeOf(snapshot, { is: 'user', user: 'bob' }, aim('montage'), false)?.commands).toEqual([command]);
});

test('over no row nothing changes', () => {
  expect(changeOf(snapshot, { is: 'user', user: 'bob' }, aim(null), false)).toBeNull();
  expect(changeOf(snapshot, { is: 'assignments', ids: ['ada@montage'], home: 'ada' }, aim('ada'), false)).toBeNull();
});

test('somebody’s call on another row is given on; a copy asks the other, too', () => {
  const lift = { is: 'assignments', ids: ['ada@montage'], home: 'ada' } as const;
  expect(changeOf(snapshot, { ...lift, ids: [...lift.ids] }, aim('cleo'), false)?.commands).toMatchObject([
    { type: 'reassign', assignment_id: 'ada@montage', user_id: 'cleo', invite: true, if_unchanged: CHANGED },
  ]);
  expect(changeOf(snapshot, { ...lift, ids: [...lift.ids] }, aim('cleo'), true)?.commands).toMatchObject([{ type: 'assign', user_id: 'cleo' }]);
});

test('somebody’s call on their own row moves the mission', () => {
  const change = changeOf(snapshot, { is: 'assignments', ids: ['ada@montage'], home: 'ada' }, aim('ada', HOUR), false);
  expect(change?.commands).toEqual([
    { type: 'move', mission_id: 'montage', start_at: '2026-12-02T09:00:00.000Z', end_at: '2026-12-02T18:00:00.000Z', if_unchanged: CHANGED },
  ]);
});

test('somebody on another mission goes off the first', () => {
  const change = changeOf(snapshot, { is: 'assignments', ids: ['bob@concert'], home: 'concert' }, aim('montage'), false);
  expect(change?.commands).toMatchObject([
    { type: 'remove', assignment_id: 'bob@concert' },
    { type: 'assign', mission_id: 'montage', user_id: 'bob', role_name: 'son' },
  ]);
});

test('a copy goes to another day, and nowhere on the same', () => {
  const lift = { is: 'missions', ids: ['concert'], home: 'concert' } as const;
  const copy = (shift: number) => changeOf(snapshot, { ...lift, ids: [...lift.ids] }, aim('concert', shift), true)?.commands;
  expect(copy(25 * HOUR)).toMatchObject([{ type: 'copy', mission_ids: ['concert'], shift_days: 1 }]);
  expect(copy(2 * HOUR)).toBeUndefined();
});

test('an edge does not cross the other', () => {
  const change = changeOf(snapshot, { is: 'edge', mission: 'concert', edge: 'end', home: 'bob' }, aim('bob', -10 * HOUR), false);
  expect(change?.commands).toMatchObject([{ start_at: '2026-12-02T19:00:00.000Z', end_at: '2026-12-02T19:15:00.000Z' }]);
});

test('the post is one that they can do and that nobody is asked for', () => {
  const roles = [role('plateau', 1), role('Lumière', 1, 0, 1), role('son', 1)];
  const [show] = new Snapshot(sample({ missions: [mission('show', '2026-12-02T08:00:00Z', '2026-12-02T12:00:00Z', { roles })] })).missions;
  if (show === undefined) throw new Error('there is a mission');
  expect(roleFor(show, user('a', ['lumiere', 'son']))).toBe('son');
  expect(roleFor(show, user('b', ['lumiere']))).toBe('Lumière');
  expect(roleFor(show, user('c'))).toBe('plateau');
});

test('an end that is pulled makes a call longer or shorter', () => {
  const pull = (edge: 'start' | 'end', shift: number) =>
    changeOf(snapshot, { is: 'edge', mission: 'concert', edge, home: 'bob' }, aim('bob', shift), false)?.told;
  expect(pull('end', HOUR)).toContain('is longer: ');
  expect(pull('end', -HOUR)).toContain('is shorter: ');
  expect(pull('start', HOUR)).toContain('is shorter: ');
});

test('what is carried is where it was picked up, whatever others do with it meanwhile', () => {
  const moved = mission('montage', '2026-12-03T08:00:00Z', '2026-12-03T17:00:00Z', { updated_at: '2026-12-01T00:00:00Z' });
  const now = new Snapshot(sample({ missions: [moved], assignments: [assignment('montage', 'ada')] }));
  const drop = (lift: Lift, to: string, shift = 0): unknown => changeOf(now, lift, aim(to, shift), false, snapshot)?.commands;
  const was = { mission_id: 'montage', if_unchanged: CHANGED };
  const hour = { ...was, start_at: '2026-12-02T09:00:00.000Z' };
  expect(drop({ is: 'missions', ids: ['montage'], home: 'montage' }, 'montage', HOUR)).toMatchObject([hour]);
  expect(drop({ is: 'assignments', ids: ['ada@montage'], home: 'ada' }, 'ada', HOUR)).toMatchObject([hour]);
  expect(drop({ is: 'call', mission: 'montage', role: 'son' }, 'bob')).toMatchObject([was]);
});

test('a post that has as many on it as places has enough', () => {
  const invitation = { id: 'i', status: 'sent', delivery: 'mail', created_at: CHANGED, sent_at: null, expires_at: null } as never;
  const on = (user: string, more: object) => assignment('montage', user, { mission_role_id: 'role-Lumière', status: 'INVITED', ...more });
  const lift = { is: 'call', mission: 'montage', role: 'Lumière' } as const;
  const asked = new Snapshot(sample({ assignments: [on('ada', { invitation })] }));
  const one = { accepted: 0, asked: 1, planned: 0, quota: 1 };
  expect(enough(asked, lift, null)).toEqual(one);
  expect(enough(asked, lift, changeOf(asked, lift, aim('bob'), false))).toEqual(one);
  expect(enough(asked, { is: 'user', user: 'bob' }, changeOf(asked, { is: 'user', user: 'bob' }, aim('montage'), false))).toBeNull();
  expect(enough(new Snapshot(sample({ assignments: [on('ada', {})] })), lift, null)).toEqual({ ...one, asked: 0, planned: 1 });
  const full = mission('show', '2026-12-02T08:00:00Z', '2026-12-02T12:00:00Z', { roles: [role('son', 2, 2)] });
  const onFull = { is: 'call', mission: 'show', role: 'son' } as const;
  expect(enough(new Snapshot(sample({ missions: [full] })), onFull, null)).toEqual({ accepted: 2, asked: 0, planned: 0, quota: 2 });
  expect(enough(new Snapshot(sample({})), lift, null)).toBeNull();
});

test('an aim at another person leaves the time, a mission stays in its row', () => {
  expect(settled({ is: 'assignments', ids: [], home: 'ada' }, aim('bob', HOUR))).toEqual(aim('bob'));
  expect(settled({ is: 'missions', ids: [], home: 'montage' }, aim('concert', HOUR))).toEqual(aim('montage', HOUR));
  expect(settled({ is: 'missions', ids: [], home: 'montage' }, aim(null))).toEqual(aim(null));
});

test('calls that follow each other move without meeting', () => {
  const order = (shift: number): unknown =>
    changeOf(snapshot, { is: 'missions', ids: ['montage', 'concert'], home: 'montage' }, aim('montage', shift), false)?.commands.map(
      (command) => 'mission_id' in command && command.mission_id,
    );
  expect(order(2 * HOUR)).toEqual(['concert', 'montage']);
  expect(order(-2 * HOUR)).toEqual(['montage', 'concert']);
});

test('what is shown of a copy and of an end that is pulled is what a drop makes of it', () => {
  const copy = placed({ is: 'missions', ids: ['concert'], home: 'concert' }, snapshot, 25 * HOUR, true);
  expect(copy).toMatchObject([{ start: Date.parse('2026-12-03T19:00:00Z'), end: Date.parse('2026-12-03T22:00:00Z') }]);
  const pulled = placed({ is: 'edge', mission: 'concert', edge: 'end', home: 'bob' }, snapshot, -10 * HOUR, false);
  expect(pulled).toMatchObject([{ end: Date.parse('2026-12-02T19:15:00Z') }]);
});

test('a day further is the same time of the day, in the night in which the clocks change, too', () => {
  const before = mission('spring', '2027-03-27T19:00:00Z', '2027-03-27T22:00:00Z');
  const lift = { is: 'missions', ids: ['spring'], home: 'spring' } as const;
  expect(byDays({ ...lift, ids: [...lift.ids] }, new Snapshot(sample({ missions: [before] })), 0, 1)).toBe(23 * HOUR);
});
