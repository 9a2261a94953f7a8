import { expect, test } from 'vitest';
import { brief, cut } from './letters';

test('what does not fit ends in an ellipsis, and of what is too short nothing is left', () => {
  expect(cut('Montage', 7)).toBe('Montage');
  expect(cut('Montage son', 9)).toBe('Montage…');
  expect(cut('Montage', 2)).toBe('');
});

test('a time is whole, or not there', () => {
  expect([12, 9, 8, 5, 4].map((most) => brief('09:00', 'Montage', most))).toEqual(['09:00 Monta…', '09:00 Mo…', '09:00', '09:00', '']);
});
