import { beforeEach, expect, test, vi } from 'vitest';

const language = vi.hoisted(() => ({ current: 'fr' }));
vi.mock('../words/language.svelte', () => ({ language }));
const { duration, longDay, shortDay, time, times } = await import('./format');

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
