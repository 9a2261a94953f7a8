import { parseDate } from '@internationalized/date';
import { expect, test } from 'vitest';
import { type Writing, typedDay } from './dates';

const FRENCH = 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre';
const ENGLISH = 'January February March April May June July August September October November December';
const french: Writing = { months: FRENCH.split(' '), monthFirst: false };
const british: Writing = { months: ENGLISH.split(' '), monthFirst: false };
const american: Writing = { ...british, monthFirst: true };

function day(text: string, how: Writing): string | null {
  return typedDay(text, parseDate('2026-11-28'), how)?.toString() ?? null;
}

test('a day is read as it is written in each language', () => {
  for (const text of ['12/6', '12.06.2027', '12-06-27', '12 juin', '12 Juin 2027', '12juin', '2027-06-12']) expect(day(text, french)).toBe('2027-06-12');
  expect(day('1er août', french)).toBe('2027-08-01');
  for (const text of ['12 June', '12th jun', 'June 12', 'June 12, 2027']) expect(day(text, british)).toBe('2027-06-12');
  expect(day('12/6', american)).toBe('2026-12-06');
});

test('without a year it is the next one, today included', () => {
  expect(day('28/11', french)).toBe('2026-11-28');
  expect(day('27/11', french)).toBe('2027-11-27');
  expect(day('27/11/2026', french)).toBe('2026-11-27');
});

test('what is no day is none', () => {
  for (const text of ['', '12', '126', 'juin', '31/6', '12/13', 'Gala 12', '12 ju', 'avril juin', '12/6/27 h', '0/6']) expect(day(text, french)).toBeNull();
});
