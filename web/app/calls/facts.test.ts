import { describe, expect, test } from 'vitest';
import type { Assignment, MissionSeen } from '../api/types';
import { type Call, clashes, clocksChange, dialled, endsLater, isFull, isSame, isStillShown, rivals, sections, seen, standing } from './facts';

const NOW = Date.parse('2026-12-01T12:00:00Z');

function assignment(change: Partial<Assignment> = {}): Assignment {
  return {
    id: 'a', mission_id: 'm', user_id: 'u', mission_role_id: 'r', role_name: 'son', status: 'INVITED', note: null,
    decline_reason: null, conflict_override: null, mission_title: 'Montage', project_title: null, location: 'Studio',
    user_name: 'Léa', start_at: '2026-12-02T08:00:00Z', end_at: '2026-12-02T12:00:00Z', needs_confirmation: false,
    told_at: null, created_at: '2026-11-01T08:00:00Z', updated_at: '2026-11-01T08:00:00Z', ...change,
  };
}

function mission(change: Partial<MissionSeen> = {}): MissionSeen {
  return {
    id: 'm', project_id: null, title: 'Montage', role: 'son', location: 'Studio', start_at: '2026-12-02T08:00:00Z',
    end_at: '2026-12-02T12:00:00Z', timezone: 'Europe/Paris', note: null, cancelled_at: null, roles: [],
    created_at: '2026-11-01T08:00:00Z', updated_at: '2026-11-01T08:00:00Z', ...change,
  };
}

function call(one: Partial<Assignment>, of: Partial<MissionSeen> = {}): Call {
  return { assignment: assignment(one), mission: mission(of), was: null };
}

const PAST = { start_at: '2026-11-02T08:00:00Z', end_at: '2026-11-02T12:00:00Z' };

test('where a call stands', () => {
  expect(standing(call({}), NOW)).toBe('asked');
  expect(standing(call(PAST), NOW)).toBe('unanswered');
  expect(standing(call({ status: 'ACCEPTED' }), NOW)).toBe('accepted');
  expect(standing(call({ status: 'ACCEPTED', needs_confirmation: true }), NOW)).toBe('confirm');
  expect(standing(call({ status: 'ACCEPTED', needs_confirmation: true, ...PAST }), NOW)).toBe('accepted');
  expect(standing(call({ status: 'DECLINED' }), NOW)).toBe('declined');
  expect(standing(call({ status: 'CANCELLED' }), NOW)).toBe('takenOff');
  expect(standing(call({ status: 'CANCELLED' }, { cancelled_at: '2026-11-30T08:00:00Z' }), NOW)).toBe('off');
  expect(standing(call({ status: 'ACCEPTED' }, { cancelled_at: '2026-11-30T08:00:00Z' }), NOW)).toBe('off');
});

test('a post that others have filled asks for nothing', () => {
  const of = (accepted: number, quota: number | null) =>
    mission({ roles: [{ id: 'r', role_name: 'son', invited: 1, accepted, quota }] });
  const known = new Map([['m', of(2, 2)]]);
  expect(standing({ assignment: assignment(), mission: of(2, 2), was: null }, NOW)).toBe('full');
  expect(sections([assignment()], new Set(), NOW, known)).toMatchObject({ toAnswer: [], notComing: [{ id: 'a' }] });
  expect(isFull(assignment({ status: 'ACCEPTED' }), of(2, 2))).toBe(false);
  expect(isFull(assignment(), of(1, 2))).toBe(false);
  expect(isFull(assignment(), of(9, null))).toBe(false);
});

describe('an answer is to what was shown', () => {
  test('time, place and role', () => {
    const shown = assignment();
    expect(isStillShown(shown, assignment({ told_at: '2026-12-01T08:00:00Z', note: 'Badge' }))).toBe(true);
    const changes = [{ start_at: '2026-12-02T08:15:00Z' }, { end_at: '2026-12-02T13:00:00Z' }, { location: null }, { role_name: 'x' }];
    for (const change of changes) {
      expect(isStillShown(shown, assignment(change))).toBe(false);
    }
  });

  test('the same instant in another zone is another time', () => {
    expect(isSame(seen(assignment(), mission()), seen(assignment(), mission({ timezone: 'Europe/London' })))).toBe(false);
  });
});

test('calls clash when they overlap, and not when one begins as the other ends', () => {
  const asked = assignment({ id: 'asked' });
  const at = (id: string, start_at: string, end_at: string, status: Assignment['status'] = 'ACCEPTED') =>
    assignment({ id, start_at, end_at, status });
  const found = clashes(asked, [
    asked,
    at('before', '2026-12-02T04:00:00Z', '2026-12-02T08:00:00Z'),
    at('overlaps', '2026-12-02T11:00:00Z', '2026-12-02T14:00:00Z'),
    at('inside', '2026-12-02T09:00:00Z', '2026-12-02T10:00:00Z'),
    at('not accepted', '2026-12-02T09:00:00Z', '2026-12-02T10:00:00Z', 'INVITED'),
  ]);
  expect(found.map(({ id }) => id)).toEqual(['overlaps', 'inside']);
});

test('of two calls at one time that both wait for an answer, each names the other', () => {
  const at = (id: string, change: Partial<Assignment> = {}) => assignment({ id, mission_id: id, ...change });
  const filled = mission({ id: 'filled', roles: [{ id: 'r', role_name: 'son', invited: 1, accepted: 1, quota: 1 }] });
  const [a, b] = [at('a'), at('b', { start_at: '2026-12-02T11:00:00Z' })];
  const all = [
    a,
    b,
    at('filled'),
    at('declined', { status: 'DECLINED' }),
    at('accepted', { status: 'ACCEPTED' }),
    at('later', { start_at: a.end_at, end_at: '2026-12-02T14:00:00Z' }),
  ];
  const named = (one: Assignment) => rivals(one, all, NOW, new Map([['filled', filled]])).map(({ id }) => id);
  expect(named(a)).toEqual(['b']);
  expect(named(b)).toEqual(['a']);
});

test('what was called off stays among what is next while it is ahead, and what was declined does not', () => {
  const all = [
    assignment({ id: 'declined', mission_id: '1', status: 'DECLINED' }),
    assignment({ id: 'called off', mission_id: '2', status: 'CANCELLED' }),
    assignment({ id: 'accepted', mission_id: '3', status: 'ACCEPTED' }),
    assignment({ id: 'over', mission_id: '4', status: 'CANCELLED', ...PAST }),
    assignment({ id: 'put on again', mission_id: '3', status: 'CANCELLED' }),
  ];
  const { next, notComing } = sections(all, new Set(), NOW);
  expect(next.map(({ id }) => id)).toEqual(['called off', 'accepted']);
  expect(notComing.map(({ id }) => id)).toEqual(['declined', 'put on again']);
});

test('what was answered stays in its place', () => {
  const all = [
    assignment({ id: 'asked' }),
    assignment({ id: 'moved', status: 'ACCEPTED', needs_confirmation: true }),
    assignment({ id: 'just accepted', status: 'ACCEPTED' }),
    assignment({ id: 'accepted', status: 'ACCEPTED' }),
    assignment({ id: 'declined', status: 'DECLINED' }),
    assignment({ id: 'over', status: 'ACCEPTED', ...PAST }),
  ];
  const { toAnswer, next, notComing } = sections(all, new Set(['just accepted']), NOW);
  expect(toAnswer.map(({ id }) => id)).toEqual(['asked', 'moved', 'just accepted']);
  expect(next.map(({ id }) => id)).toEqual(['accepted']);
  expect(notComing.map(({ id }) => id)).toEqual(['declined']);
});

test('what must not be missed of the times', () => {
  const times = (start_at: string, end_at: string) => seen(assignment({ start_at, end_at }), mission());
  // Paris is an hour ahead of UTC in winter: these end at midnight, and at one o'clock.
  expect(endsLater(times('2026-12-02T19:00:00Z', '2026-12-02T23:00:00Z'))).toBe(false);
  expect(endsLater(times('2026-12-02T19:00:00Z', '2026-12-03T00:00:00Z'))).toBe(true);
  expect(clocksChange(times('2026-12-02T19:00:00Z', '2026-12-03T00:00:00Z'))).toBe(false);
  expect(clocksChange(times('2027-03-27T21:00:00Z', '2027-03-28T04:00:00Z'))).toBe(true);
});

test('only what is certainly one number is dialled', () => {
  expect(dialled('+33 (0)1 99-00 12.34')).toBe('tel:+33199001234');
  expect(dialled('01 99 00 12 34')).toBe('tel:0199001234');
  for (const unclear of ['06 12 34 56 78 poste 4', '01.99.00.12.34 / 06 11 22 33 44', 'x', 'javascript:alert(1)', '112']) {
    expect(dialled(unclear), unclear).toBeNull();
  }
});
