import { expect, test } from 'vitest';
import { ownerOf } from './owner';

const token = (claims: object): string => `x.${btoa(JSON.stringify(claims)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}.x`;

test('tokens of one account in one org have the same owner, whatever else they say', () => {
  const first = ownerOf(token({ sub: 'a', org: 'o', exp: 1, jti: '>>>???' }));
  expect(ownerOf(token({ sub: 'a', org: 'o', exp: 22, jti: '' }))).toBe(first);
  expect(ownerOf(token({ sub: 'b', org: 'o', exp: 1 }))).not.toBe(first);
  expect(ownerOf(token({ sub: 'a', org: 'p', exp: 1 }))).not.toBe(first);
});
