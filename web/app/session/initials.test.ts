import { expect, test } from 'vitest';
import { initials } from './initials';

test('an address is known by the first letters of its first words', () => {
  expect(initials('lea.martin@rideau.example')).toBe('LM');
  expect(initials('élise.de-la-tour@rideau.example')).toBe('ÉD');
  expect(initials('_manager@rideau.example')).toBe('M');
});
