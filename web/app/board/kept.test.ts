import { expect, test } from 'vitest';
import { assignment, mission, sample } from '../plan/sample';
import { Snapshot } from '../plan/snapshot';
import { isKept } from './kept';

const conflict = (a1: string, a2: string) => ({ a1, a2, user_id: 'ada', overlap_start: '', overlap_end: '', override_reason: null });

/** Which of what Ada is on is kept; the show lasts as long as both others. */
function kept(reasons: Record<string, string>): string[] {
  const plan = new Snapshot(
    sample({
      missions: [
        mission('show', '2026-12-02T08:00:00Z', '2026-12-02T22:00:00Z'),
        mission('montage', '2026-12-02T09:00:00Z', '2026-12-02T12:00:00Z'),
        mission('meeting', '2026-12-02T14:00:00Z', '2026-12-02T16:00:00Z'),
      ],
      assignments: ['show', 'montage', 'meeting'].map((id) => assignment(id, 'ada', { conflict_override: reasons[id] ?? null })),
      conflicts: [conflict('ada@show', 'ada@montage'), conflict('ada@show', 'ada@meeting')],
    }),
  );
  const on = plan.ofUser('ada');
  return on.filter((one) => isKept(one, on)).map((one) => one.mission.id);
}

test('what clashes is kept when each of its pairs has a reason', () => {
  expect(kept({})).toEqual([]);
  expect(kept({ montage: 'short' })).toEqual(['montage']);
  expect(kept({ montage: 'short', meeting: 'short' })).toEqual(['show', 'montage', 'meeting']);
  expect(kept({ show: 'short' })).toEqual(['show', 'montage', 'meeting']);
});
