import { expect, test } from 'vitest';
import { HOUR, civilDay, differsHere, isOneDay, offset } from './zone';

const PARIS = 'Europe/Paris';
const at = (text: string): number => Date.parse(text);

test('the day is that of the zone, not of UTC', () => {
  expect(civilDay(at('2026-07-06T22:30:00Z'), PARIS)).toBe('2026-07-07');
  expect(civilDay(at('2026-07-06T22:30:00Z'), 'America/New_York')).toBe('2026-07-06');
});

test('what ends at midnight ends on its own day', () => {
  expect(isOneDay(at('2026-07-06T18:00:00Z'), at('2026-07-06T22:00:00Z'), PARIS)).toBe(true);
  expect(isOneDay(at('2026-07-06T18:00:00Z'), at('2026-07-06T22:00:01Z'), PARIS)).toBe(false);
});

test('the offset follows the clocks of the zone', () => {
  expect(offset(at('2026-07-06T12:00:00.500Z'), PARIS)).toBe(2 * HOUR);
  expect(offset(at('2026-12-06T12:00:00Z'), PARIS)).toBe(HOUR);
  expect(offset(at('2026-10-25T00:59:59Z'), PARIS)).toBe(2 * HOUR);
  expect(offset(at('2026-10-25T01:00:00Z'), PARIS)).toBe(HOUR);
  expect(offset(at('2026-07-06T12:00:00Z'), 'Asia/Kolkata')).toBe(5.5 * HOUR);
});

test('a time says its zone where the clock nearby shows another', () => {
  const noon = at('2026-12-06T12:00:00Z');
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(differsHere(here, noon, here)).toBe(false);
  expect(differsHere(here, noon, here, 'Pacific/Kiritimati')).toBe(true);
});
