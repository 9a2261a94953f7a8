import { expect, test } from 'vitest';
import { href, parts } from './href';

test('the parts of a path are read as they were written, also by hand', () => {
  expect(parts('/mission/0198')).toEqual(['mission', '0198']);
  expect(parts('/')).toEqual([]);
  expect(parts('/caf%C3%A9/100%')).toEqual(['café', '100%']);
});

test('an address has the filters that are set', () => {
  expect(href('/board', { by: 'person', q: 'a b', tag: ['x', 'y'], skill: null, mission: '' })).toBe('#/board?by=person&q=a+b&tag=x&tag=y');
});
