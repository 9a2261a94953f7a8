import { expect, test, vi } from 'vitest';

vi.mock('../words/language.svelte', () => ({ dictionary: (both: { en: object }) => () => both.en, language: { current: 'en' } }));

import type { PlanningCommand } from '../api/types';
import { overridden } from './override';
import { assignment, sample } from './sample';
import { Snapshot } from './snapshot';
import { conflicting, judge } from './verdict';

const assign = (user_id: string): PlanningCommand => ({ type: 'assign', mission_id: 'montage', user_id, role_name: 'son', invite: true });

test('only who clashes is accepted for a reason; the others are asked as before', () => {
  const snapshot = new Snapshot(sample({ assignments: [assignment('reglages', 'ada')] }));
  const commands = [assign('ada'), assign('bob')];
  const change = overridden({ commands, told: 'asked' }, conflicting(snapshot, commands), 'short', snapshot);
  expect(change.commands).toMatchObject([
    { user_id: 'ada', status: 'ACCEPTED', invite: false, override_reason: 'short' },
    { user_id: 'bob', invite: true },
  ]);
  expect(change.commands[1]).not.toHaveProperty('override_reason');
  expect(change.told).toBe('ada planned for “montage” all the same');
});

test('whoever is taken off a mission first is not in the way of the next', () => {
  const snapshot = new Snapshot(sample({ assignments: [assignment('reglages', 'ada')] }));
  const moved: PlanningCommand[] = [{ type: 'remove', assignment_id: 'ada@reglages' }, assign('ada')];
  expect(judge(snapshot, moved, 0).level).toBe('free');
  expect(judge(snapshot, moved.toReversed(), 0).level).toBe('refused');
});
