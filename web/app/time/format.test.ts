import { beforeEach, expect, test, vi } from 'vitest';

const language = vi.hoisted(() => ({ current: 'fr' }));
vi.mock('../words/language.svelte', () => ({ language }));
const { duration, longDay, relative, relativeDay, shortDay, time, times } = await import('./format');

const PARIS = 'Europe/Paris';
const at = (text: string): number => Date.parse(text);
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');

beforeEach(() => {
  language.current = 'fr';
});

test('French writes hours as people do, and the first day of a month as the first', () => {
  expect(plain(time(at('2026-07-01T18:00:00Z'), PARIS))).toBe('20 h');
  expect(plain(time(at('2026-07-01T18:05:00Z'), PARIS))).toBe('20 h 05');
  expect(shortDay(at('2026-07-01T10:00:00Z'), PARIS)).toBe('mer. 1er juil.');
  expect(longDay(at('2026-07-11T10:00:00Z'), PARIS)).toMatch(/^samedi 11 juillet/);
  expect(plain(duration(4.5 * 3_600_000))).toBe('4 h 30');
});

test('English writes 24 hours, American English 12 and the month first', () => {
  language.current = 'en';
  expect(time(at('2026-07-01T18:00:00Z'), PARIS)).toBe('20:00');
  expect(shortDay(at('2026-07-01T10:00:00Z'), PARIS)).toBe('Wed 1 Jul');
  language.current = 'en-US';
  expect(time(at('2026-07-01T18:00:00Z'), PARIS).replace(/\s/u, ' ')).toBe('8:00 PM');
  expect(shortDay(at('2026-07-01T10:00:00Z'), PARIS)).toBe('Wed, Jul 1');
});

test('an end on another day says which, midnight is the end of its own', () => {
  language.current = 'en';
  expect(times(at('2026-07-01T18:00:00Z'), at('2026-07-01T23:00:00Z'), PARIS)).toBe('20:00 – 01:00 (Thu)');
  expect(times(at('2026-07-01T18:00:00Z'), at('2026-07-01T22:00:00Z'), PARIS)).toBe('20:00 – 00:00');
});

test('what is ahead is counted in days of the calendar, and what is near in hours', () => {
  const saturday = at('2026-11-28T22:30:00Z');
  const said = (text: string): string => relativeDay(at(text), saturday, PARIS);
  expect(said('2026-11-30T08:00:00Z')).toBe('après-demain');
  expect(said('2026-12-01T08:00:00Z')).toBe('dans 3 jours');
  expect(said('2026-12-01T22:00:00Z')).toBe('dans 3 jours');
  expect(said('2026-11-29T08:00:00Z')).toBe('demain');
  expect(said('2026-11-29T00:30:00Z')).toBe('dans 2 heures');
  expect(said('2026-11-27T20:00:00Z')).toBe('hier');
  expect(relative(at('2026-11-30T08:00:00Z'), saturday)).toBe('demain');
});

test('two calls of one day are as many days ahead, and what is on the same day is never tomorrow', () => {
  language.current = 'en';
  const evening = at('2026-11-28T22:30:00Z');
  const said = (text: string, now: number, zone = PARIS): string => relativeDay(at(text), now, zone);
  expect(said('2026-11-30T00:00:00Z', evening)).toBe('in 2 days');
  expect(said('2026-11-30T22:00:00Z', evening)).toBe('in 2 days');
  // In the zone of the date: the same instant is on Sunday in Honolulu, where it is Saturday noon.
  expect(said('2026-11-30T08:00:00Z', evening, 'Pacific/Honolulu')).toBe('tomorrow');
  const midnight = at('2026-11-27T23:00:00Z');
  expect(said('2026-11-28T22:45:00Z', midnight)).toBe('in 24 hours');
  // A day of 25 hours.
  expect(said('2026-10-25T22:45:00Z', at('2026-10-24T22:00:00Z'))).toBe('in 25 hours');
});
