import { expect, test } from 'vitest';
import { neighbour } from './order';

test('from a row that has moved the keys go on from where it was', () => {
  const order = { key: 'b', rows: ['a', 'b', 'c', 'd'] };
  expect(neighbour(order, ['a', 'c', 'd', 'b'], 1)).toBe('c');
  expect(neighbour(order, ['a', 'c', 'd', 'b'], -1)).toBe('a');
});

test('where nothing has moved it is the row beside, whatever came or went', () => {
  const order = { key: 'b', rows: ['a', 'b', 'c', 'd'] };
  expect(neighbour(order, ['a', 'b', 'd'], 1)).toBe('d');
  expect(neighbour(order, ['a', 'b', 'new', 'c'], 1)).toBe('new');
  expect(neighbour({ key: 'd', rows: ['c', 'd'] }, ['c', 'd'], 1)).toBeUndefined();
});
