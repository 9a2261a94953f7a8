import { expect, test } from 'vitest';
import type { PlanningCommand } from '../api/types';
import { draft } from './drafts';
import { assignment, mission, role, sample, user } from './sample';
import { Snapshot } from './snapshot';
import { hasSkill, isFree, judge } from './verdict';

/** Before all of them. */
const NOW = 0;

const assign = (user_id: string, mission_id: string, more = {}): PlanningCommand => ({ type: 'assign', user_id, mission_id, ...more });
const move = (mission_id: string, start_at: string, end_at: string): PlanningCommand => ({ type: 'move', mission_id, start_at, end_at });
const codes = (snapshot: Snapshot, command: PlanningCommand) => judge(snapshot, [command], NOW).reasons.map(({ code }) => code);

test('somebody with nothing else to do and the skill is free', () => {
  expect(judge(new Snapshot(sample()), [assign('ada', 'montage', { role_name: 'Lumière' })], NOW)).toMatchObject({ level: 'free', reasons: [] });
});

test('what was accepted at that time is in the way, and a reason overrides it', () => {
  const snapshot = new Snapshot(sample({ assignments: [assignment('reglages', 'bob')] }));
  const verdict = judge(snapshot, [assign('bob', 'montage', { role_name: 'son' })], NOW);
  expect(verdict).toMatchObject({ level: 'refused', overridable: true });
  expect(verdict.reasons[0]).toMatchObject({ code: 'taken', by: { mission: { id: 'reglages' } } });
});

test('what somebody was only asked for warns', () => {
  const snapshot = new Snapshot(sample({ assignments: [assignment('reglages', 'bob', { status: 'INVITED' })] }));
  expect(judge(snapshot, [assign('bob', 'montage', { role_name: 'son' })], NOW)).toMatchObject({ level: 'warn', overridable: false });
});

test('who said no to a mission is warned of, on that one alone', () => {
  const declines = [{ mission_id: 'montage', user_id: 'ada', reason: 'on tour' }];
  const snapshot = new Snapshot(sample({ declines }));
  expect(judge(snapshot, [assign('ada', 'montage', { role_name: 'Lumière' })], NOW)).toMatchObject({
    level: 'warn',
    reasons: [{ code: 'declined', why: 'on tour' }],
  });
  expect(codes(snapshot, assign('ada', 'reglages'))).not.toContain('declined');
});

test('back to back is no overlap, whichever comes first', () => {
  const missions = [
    mission('first', '2026-12-02T08:00:00Z', '2026-12-02T12:00:00Z'),
    mission('second', '2026-12-02T12:00:00Z', '2026-12-02T14:00:00Z'),
  ];
  const on = (id: string) => new Snapshot(sample({ missions, assignments: [assignment(id, 'ada')] }));
  expect(judge(on('first'), [assign('ada', 'second')], NOW).level).toBe('free');
  expect(judge(on('second'), [assign('ada', 'first')], NOW).level).toBe('free');
});

test('whoever is on it, or inactive, or gone, cannot be put there whatever the reason', () => {
  const snapshot = new Snapshot(
    sample({ users: [user('ada'), user('ill', [], { active: false })], assignments: [assignment('montage', 'ada', { status: 'INVITED' })] }),
  );
  expect(codes(snapshot, assign('ada', 'montage'))).toEqual(['already_on']);
  expect(codes(snapshot, assign('ill', 'montage'))).toEqual(['inactive']);
  expect(codes(snapshot, assign('nobody', 'montage'))).toEqual(['gone']);
  expect(judge(snapshot, [assign('ill', 'montage')], NOW)).toMatchObject({ level: 'refused', overridable: false });
});

test('a skill that is missing and an absence warn; an absence that was rejected does not', () => {
  const away = { id: 'a', user_id: 'cleo', kind: 'unavailable', start_at: '2026-12-02T00:00:00Z', end_at: '2026-12-03T00:00:00Z', note: null, series_id: null } as const;
  const declared = new Snapshot(sample({ availabilities: [{ ...away, status: 'PENDING' }] }));
  expect(codes(declared, assign('cleo', 'reglages'))).toEqual(['unavailable', 'skill_missing']);
  expect(judge(declared, [assign('cleo', 'reglages')], NOW).level).toBe('warn');
  const rejected = new Snapshot(sample({ availabilities: [{ ...away, status: 'REJECTED' }] }));
  expect(codes(rejected, assign('cleo', 'reglages'))).toEqual(['skill_missing']);
});

test('a post that is full refuses a yes, and warns of a question', () => {
  const missions = [mission('show', '2026-12-02T08:00:00Z', '2026-12-02T12:00:00Z', { roles: [role('son', 1, 1)] })];
  const snapshot = new Snapshot(sample({ missions }));
  expect(codes(snapshot, assign('ada', 'show', { status: 'ACCEPTED' }))).toEqual(['full']);
  expect(codes(snapshot, assign('ada', 'show'))).toEqual(['filled']);
  expect(judge(snapshot, [assign('ada', 'show')], NOW).level).toBe('warn');
});

test('a move names whom it would book twice; who is only asked stands in nobody’s way', () => {
  const on = (status: 'ACCEPTED' | 'INVITED') =>
    new Snapshot(sample({ assignments: [assignment('concert', 'ada', { status }), assignment('montage', 'ada')] }));
  const earlier = move('concert', '2026-12-02T16:00:00Z', '2026-12-02T19:00:00Z');
  expect(judge(on('ACCEPTED'), [earlier], NOW)).toMatchObject({ level: 'refused', overridable: true });
  expect(judge(on('INVITED'), [earlier], NOW).level).toBe('free');
  expect(judge(on('ACCEPTED'), [move('concert', '2026-12-02T17:00:00Z', '2026-12-02T20:00:00Z')], NOW).level).toBe('free');
});

test('skills and posts are the same whatever their case and accents', () => {
  expect(hasSkill(['LUMIERE'], 'Lumière')).toBe(true);
  expect(hasSkill(['lumieres'], 'Lumière')).toBe(false);
});

test('free is who has nothing, asked or accepted, in a period', () => {
  const snapshot = new Snapshot(sample({ assignments: [assignment('reglages', 'bob', { status: 'INVITED' })] }));
  const day = { start: Date.parse('2026-12-02T00:00:00Z'), end: Date.parse('2026-12-03T00:00:00Z') };
  expect(isFree(snapshot, 'bob', day)).toBe(false);
  expect(isFree(snapshot, 'ada', day)).toBe(true);
});

test('nobody is asked for what is over, but a yes to it can be noted', () => {
  const snapshot = new Snapshot(sample());
  const after = Date.parse('2026-12-02T17:00:00Z');
  expect(judge(snapshot, [assign('bob', 'montage', { invite: true })], after)).toMatchObject({ level: 'refused', overridable: false });
  expect(judge(snapshot, [assign('bob', 'montage', { invite: true })], after - 1).level).not.toBe('refused');
  expect(judge(snapshot, [assign('bob', 'montage', { status: 'ACCEPTED' })], after).level).not.toBe('refused');
});

test('who is being taken off is not in the way', () => {
  const plan = sample({ assignments: [assignment('reglages', 'ada')] });
  const leaving = new Snapshot(draft(plan, { number: 0, commands: [{ type: 'remove', assignment_id: 'ada@reglages' }] }));
  expect(judge(leaving, [assign('ada', 'montage', { role_name: 'son' })], NOW).level).toBe('free');
});
