import { expect, test } from 'vitest';
import type { Assignment, Mission, PlanningApplied, PlanningCommand } from '../api/types';
import { draftId } from './drafts';
import { Own } from './own';
import { CHANGED } from './sample';

const LATER = '2026-11-01T08:00:00.000001Z';
const LATEST = '2026-11-01T08:00:00.000002Z';
const AGAIN = '2026-11-01T08:00:00.000003Z';

/** What the server answers to one command. */
function answered(of: { assignments?: string[]; mission?: string }, updated_at: string): PlanningApplied['results'] {
  const assignments = (of.assignments ?? []).map((id) => ({ id, mission_id: 'montage', updated_at }));
  const missions = of.mission === undefined ? [] : [{ id: of.mission, updated_at }];
  return [{ assignments, missions, deleted: [], invitations: [], warnings: [] }] as unknown as PlanningApplied['results'];
}
const assign: PlanningCommand = { type: 'assign', mission_id: 'montage', user_id: 'ada', invite: true };
const remove = (assignment_id: string, if_unchanged = CHANGED): PlanningCommand => ({ type: 'remove', assignment_id, if_unchanged });
const move: PlanningCommand = { type: 'move', mission_id: 'montage', start_at: CHANGED, end_at: LATER, if_unchanged: CHANGED };

/** After one command of batch 3. */
function after(command: PlanningCommand, results: PlanningApplied['results']): Own {
  const own = new Own();
  own.learn({ number: 3, commands: [command] }, [command], results);
  return own;
}

test('what was only sent is changed by its name once it has one', () => {
  const own = after(assign, answered({ assignments: ['one'] }, LATER));
  expect(own.brought([remove(draftId(3, 0))])).toEqual([remove('one')]);
});

test('what was never made cannot be changed', () => {
  expect(new Own().brought([assign, remove(draftId(3, 0))])).toBeNull();
});

test('of a call that was given on, who got it is meant, and who had it is as others see it', () => {
  const given: PlanningCommand = { type: 'reassign', assignment_id: 'ada', user_id: 'bob', if_unchanged: CHANGED };
  const own = after(given, answered({ assignments: ['ada', 'bob'] }, LATER));
  expect(own.brought([remove(draftId(3, 0))])).toEqual([remove('bob')]);
  expect(own.brought([remove('ada')])).toEqual([remove('ada')]);
});

test('a second change of the same mission is not taken for somebody else’s', () => {
  const own = after(move, answered({ mission: 'montage' }, LATER));
  expect(own.brought([move])).toEqual([{ ...move, if_unchanged: LATER }]);
  expect(own.brought([{ ...move, mission_id: 'concert' }])).toMatchObject([{ if_unchanged: CHANGED }]);
});

test('an own undo, and what it left in its turn, is not taken for somebody else’s change', () => {
  const own = after(move, answered({ mission: 'montage' }, LATER));
  const as = (updated_at: string): Mission => ({ id: 'montage', updated_at }) as Mission;
  own.unlearn({ assignments: [], missions: [as(LATEST)] });
  // Begun before the change, after it, and on what the undo left.
  for (const if_unchanged of [CHANGED, LATER, LATEST]) expect(own.brought([{ ...move, if_unchanged }])).toMatchObject([{ if_unchanged: LATEST }]);
  own.unlearn({ assignments: [], missions: [as(AGAIN)] });
  expect(own.brought([{ ...move, if_unchanged: LATER }])).toMatchObject([{ if_unchanged: AGAIN }]);
});

test('what an undo left of others’ changes is as they left it', () => {
  const own = new Own();
  own.unlearn({ assignments: [{ id: 'ada', updated_at: LATER } as Assignment], missions: [] });
  expect(own.brought([remove('ada')])).toEqual([remove('ada')]);
});

test('what is selected is followed to its name', () => {
  const own = after(assign, answered({ assignments: ['one'] }, LATER));
  expect([draftId(3, 0), draftId(4, 0), 'one'].map((id) => own.nameOf(id))).toEqual(['one', draftId(4, 0), 'one']);
});

test('what others changed is noticed, also of what one changed oneself', () => {
  const own = after(move, answered({ mission: 'montage' }, LATEST));
  // Seen after one's own change by the clock of another writer, which began before it.
  expect(own.brought([{ ...move, if_unchanged: LATER }])).toMatchObject([{ if_unchanged: LATER }]);
  // Who is on the mission may have answered in between.
  expect(own.brought([remove('ada')])).toEqual([remove('ada')]);
});
