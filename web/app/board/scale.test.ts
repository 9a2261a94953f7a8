import { parseDate } from '@internationalized/date';
import { expect, test } from 'vitest';
import { SNAP, Scale } from './scale';

const HOUR = 3_600_000;
const scale = (days: number): Scale => new Scale(parseDate('2026-11-30'), days, 'Europe/Paris');

/** The time of so many pixels. */
const moved = (days: number, wide: number, pixels: number): number => scale(days).span(pixels / wide, wide);

test('spans snap to quarters of an hour where these are wide enough to be aimed at', () => {
  expect(moved(1, 960, 960 / 24)).toBe(HOUR);
  expect(moved(1, 960, 11)).toBe(SNAP);
  expect(moved(1, 600, 11)).toBe(2 * SNAP);
});

test('where an hour is a few pixels, a few pixels move nothing', () => {
  expect(moved(7, 960, 5)).toBe(0);
  expect(moved(7, 960, 8)).toBe(2 * HOUR);
  expect(moved(14, 960, 4)).toBe(0);
  expect(moved(14, 960, 8)).toBe(3 * HOUR);
});

test('a day is a day on every width', () => {
  for (const wide of [0, 30, 300, 704, 2000]) expect(scale(7).span(1 / 7, wide)).toBe(24 * HOUR);
});
