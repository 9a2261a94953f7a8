import { expect, test } from 'vitest';
import type { PlanningApplied, PlanningCommand } from '../api/types';
import { draftId } from './drafts';
import { Own } from './own';
import { CHANGED } from './sample';

const LATER = '2026-11-01T08:00:00.000001Z';
const LATEST = '2026-11-01T08:00:00.000002Z';

/** What the server answers to one command. */
function answered(of: { assignment?: [string, string]; mission?: string }, updated_at: string): PlanningApplied['results'] {
  const assignments = of.assignment === undefined ? [] : [{ id: of.assignment[0], mission_id: of.assignment[1], updated_at }];
  const missions = of.mission === undefined ? [] : [{ id: of.mission, updated_at }];
  return [{ assignments, missions, deleted: [], invitations: [], warnings: [] }] as unknown as PlanningApplied['results'];
}
const onMontage = (assignment: string): string | undefined => (assignment === 'ada' ? 'montage' : undefined);
const assign: PlanningCommand = { type: 'assign', mission_id: 'montage', user_id: 'ada', invite: true };
const remove = (assignment_id: string): PlanningCommand => ({ type: 'remove', assignment_id, if_unchanged: CHANGED });

test('what was only sent is changed by its name once it has one, as it was made', () => {
  const own = new Own();
  own.learn({ number: 3, commands: [assign] }, answered({ assignment: ['one', 'montage'] }, LATER));
  expect(own.brought([remove(draftId(3, 0))], onMontage)).toEqual([{ type: 'remove', assignment_id: 'one', if_unchanged: LATER }]);
});

test('what was never made cannot be changed', () => {
  expect(new Own().brought([assign, remove(draftId(3, 0))], onMontage)).toBeNull();
});

test('a second change of the same mission, or of who is on it, is not taken for somebody else’s', () => {
  const own = new Own();
  const move: PlanningCommand = { type: 'move', mission_id: 'montage', start_at: CHANGED, end_at: LATER, if_unchanged: CHANGED };
  own.learn({ number: 1, commands: [move] }, answered({ mission: 'montage' }, LATER));
  expect(own.brought([move, remove('ada')], onMontage)).toMatchObject([{ if_unchanged: LATER }, { if_unchanged: LATER }]);
  expect(own.brought([{ ...move, mission_id: 'concert' }], onMontage)).toMatchObject([{ if_unchanged: CHANGED }]);
});

test('what was seen later than one’s own change counts, and what has no condition gets none', () => {
  const own = new Own();
  own.learn({ number: 1, commands: [assign] }, answered({ assignment: ['one', 'montage'] }, LATER));
  expect(own.brought([{ type: 'remove', assignment_id: 'one', if_unchanged: LATEST }], onMontage)).toMatchObject([{ if_unchanged: LATEST }]);
  expect(own.brought([{ type: 'remove', assignment_id: 'one' }], onMontage)).toEqual([{ type: 'remove', assignment_id: 'one' }]);
});
