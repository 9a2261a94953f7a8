import { expect, test } from 'vitest';
import type { Availability } from '../api/types';
import { instant } from '../time/zone';
import { offers } from './offers';

const NOW = instant('2026-07-06T08:00:00Z');

function availability(id: string, day: string, series_id: string | null, more: Partial<Availability> = {}): Availability {
  const at = { start_at: `${day}T08:00:00Z`, end_at: `${day}T18:00:00Z` };
  return { id, user_id: 'lea', kind: 'available', status: 'PENDING', note: null, series_id, ...at, ...more };
}

test('those of a series are one offer, in order; others stay alone', () => {
  const found = offers(
    [
      availability('alone', '2026-07-12', null),
      availability('second', '2026-07-14', 's'),
      availability('first', '2026-07-07', 's'),
      availability('too', '2026-07-13', null),
    ],
    NOW,
  );
  expect(found.map(({ periods }) => periods.map(({ id }) => id))).toEqual([['first', 'second'], ['alone'], ['too']]);
});

test('what is over is not decided any more', () => {
  const found = offers([availability('over', '2026-07-05', 's'), availability('ahead', '2026-07-12', 's')], NOW);
  expect(found.map(({ periods }) => periods.map(({ id }) => id))).toEqual([['ahead']]);
});

test('one of a series that became the opposite is decided by itself', () => {
  const opposite = availability('b', '2026-07-13', 's', { kind: 'unavailable' });
  const found = offers([availability('a', '2026-07-12', 's'), opposite], NOW);
  expect(found.map(({ kind }) => kind)).toEqual(['available', 'unavailable']);
  expect(new Set(found.map(({ id }) => id)).size).toBe(2);
});
