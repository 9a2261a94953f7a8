import { expect, test } from 'vitest';
import { later } from './stamps';

test('the later of two does not depend on how many digits they have', () => {
  expect(later('2026-07-01T08:00:00.3Z', '2026-07-01T08:00:00.35Z')).toBe('2026-07-01T08:00:00.35Z');
  expect(later('2026-07-01T08:00:00.299802Z', '2026-07-01T08:00:00.3Z')).toBe('2026-07-01T08:00:00.3Z');
  expect(later('2026-07-01T08:00:01Z', '2026-07-01T08:00:00.9Z')).toBe('2026-07-01T08:00:01Z');
});
