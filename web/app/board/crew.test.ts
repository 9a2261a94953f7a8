import { expect, test } from 'vitest';
import { drawnOf } from './crew';

const FIVE = [100, 100, 100, 100, 100];

test('all are drawn where they have room', () => {
  expect(drawnOf(FIVE, 520, -1)).toEqual([0, 1, 2, 3, 4]);
});

test('where they have none, the first are, and the rest can be counted beside them', () => {
  expect(drawnOf(FIVE, 519, -1)).toEqual([0, 1, 2, 3]);
  expect(drawnOf(FIVE, 250, -1)).toEqual([0, 1]);
  expect(drawnOf(FIVE, 50, -1)).toEqual([]);
});

test('whoever has the keyboard is drawn', () => {
  expect(drawnOf(FIVE, 250, 1)).toEqual([0, 1]);
  expect(drawnOf(FIVE, 250, 4)).toEqual([0, 4]);
  expect(drawnOf(FIVE, 50, 4)).toEqual([4]);
});
