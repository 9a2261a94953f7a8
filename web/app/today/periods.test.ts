import { beforeAll, expect, test, vi } from 'vitest';

// What the language is read from; set before it is imported.
vi.stubGlobal('document', { documentElement: { lang: '' } });
vi.stubGlobal('navigator', { languages: ['en'] });

const ZONE = 'Europe/Paris';
let periods: typeof import('./periods');

beforeAll(async () => {
  periods = await import('./periods');
});

const of = (start: string, end: string): { start: number; end: number } => ({ start: Date.parse(start), end: Date.parse(end) });

test('a period says its days: once, both, or without times where it is whole days', () => {
  const said = (start: string, end: string): string => periods.period(of(start, end), ZONE);
  expect(said('2026-07-06T18:00:00Z', '2026-07-06T21:00:00Z')).toBe('Mon 6 Jul · 20:00 – 23:00');
  expect(said('2026-07-06T18:00:00Z', '2026-07-06T23:00:00Z')).toBe('Mon 6 Jul · 20:00 – 01:00 (Tue)');
  expect(said('2026-07-06T08:00:00Z', '2026-07-08T08:00:00Z')).toBe('Mon 6 Jul, 10:00 – Wed 8 Jul, 10:00');
  expect(said('2026-07-05T22:00:00Z', '2026-07-06T22:00:00Z')).toBe('Mon 6 Jul');
  expect(said('2026-07-05T22:00:00Z', '2026-07-07T22:00:00Z')).toBe('Mon 6 Jul – Tue 7 Jul');
});

test('below its day only the times are said', () => {
  expect(periods.timesOf(of('2026-07-06T18:00:00Z', '2026-07-06T21:00:00Z'), ZONE)).toBe('20:00 – 23:00');
  expect(periods.timesOf(of('2026-07-06T18:00:00Z', '2026-07-08T21:00:00Z'), ZONE)).toBe('20:00 – Wed 8 Jul, 23:00');
});

test('a series has times where all of it has the same on the wall clock', () => {
  // The clocks change on 25 October.
  const same = [of('2026-10-23T08:00:00Z', '2026-10-23T16:00:00Z'), of('2026-10-26T09:00:00Z', '2026-10-26T17:00:00Z')];
  expect(periods.sameTimes(same, ZONE)).toBe('10:00 – 18:00');
  expect(periods.sameTimes([...same, of('2026-10-27T08:00:00Z', '2026-10-27T17:00:00Z')], ZONE)).toBeNull();
  expect(periods.sameTimes([of('2026-07-05T22:00:00Z', '2026-07-06T22:00:00Z')], ZONE)).toBeNull();
});
