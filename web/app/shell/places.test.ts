import { expect, test } from 'vitest';
import { toPerson } from './places';

test('a person is shown in the period that is looked at, without the other filters', () => {
  const board = new URLSearchParams('by=mission&from=2026-12-07&days=14&project=p&q=Concert&mission=m');
  expect(toPerson('Aïcha Diallo', board)).toBe('#/board?by=person&from=2026-12-07&days=14&q=A%C3%AFcha+Diallo');
});

test('from elsewhere it is the period that the board begins with', () => {
  expect(toPerson('Léa', null)).toBe('#/board?by=person&q=L%C3%A9a');
});
