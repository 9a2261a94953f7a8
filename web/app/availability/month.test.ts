import { parseDate } from '@internationalized/date';
import { expect, test } from 'vitest';
import type { Availability } from '../api/types';
import { MOST, countOf, isDeclared, marksOn, period, runs, weekdaysOf, weeksOf, wholeDays, without } from './month';

const ZONE = 'Europe/Paris';
const days = (...texts: string[]) => texts.map((text) => parseDate(text));

function entry(start_at: string, end_at: string, status: Availability['status'] = 'PENDING'): Availability {
  return { id: start_at, user_id: 'u', kind: 'available', start_at, end_at, status, note: null, series_id: null };
}

test('a month has its own days only, from Mondays', () => {
  const weeks = weeksOf(parseDate('2027-02-14'));
  expect(weeks.map((week) => week.map((day) => day?.day ?? 0))).toEqual([
    [1, 2, 3, 4, 5, 6, 7],
    [8, 9, 10, 11, 12, 13, 14],
    [15, 16, 17, 18, 19, 20, 21],
    [22, 23, 24, 25, 26, 27, 28],
  ]);
  expect(weeksOf(parseDate('2026-11-01'))[0]?.map((day) => day?.day ?? 0)).toEqual([0, 0, 0, 0, 0, 0, 1]);
});

test('what ends at midnight is not of the next day', () => {
  const whole = entry('2026-12-06T23:00:00Z', '2026-12-07T23:00:00Z');
  expect(marksOn(parseDate('2026-12-06'), [whole], ZONE)).toEqual([]);
  expect(marksOn(parseDate('2026-12-07'), [whole], ZONE)).toEqual([{ entry: whole, whole: true }]);
  expect(marksOn(parseDate('2026-12-08'), [whole], ZONE)).toEqual([]);
});

test('a day is declared by the whole of it, and not by what was rejected', () => {
  const day = parseDate('2026-12-07');
  const part = entry('2026-12-07T08:00:00Z', '2026-12-07T23:00:00Z');
  expect(isDeclared(marksOn(day, [part], ZONE))).toBe(false);
  const whole = (status: Availability['status']) => entry('2026-12-06T23:00:00Z', '2026-12-07T23:00:00Z', status);
  expect(isDeclared(marksOn(day, [whole('PENDING')], ZONE))).toBe(true);
  expect(isDeclared(marksOn(day, [whole('REJECTED')], ZONE))).toBe(false);
});

test('consecutive days are one period, of 31 days at most', () => {
  const found = runs(days('2026-12-09', '2026-12-07', '2026-12-08', '2026-12-31', '2027-01-01'));
  expect(found.map((run) => run.map(String))).toEqual([
    ['2026-12-07', '2026-12-08', '2026-12-09'],
    ['2026-12-31', '2027-01-01'],
  ]);
  const long = Array.from({ length: 40 }, (_, index) => parseDate('2026-12-01').add({ days: index }));
  expect(runs(long).map((run) => run.length)).toEqual([31, 9]);
});

test('a day of 23 hours is a day', () => {
  expect(period(days('2027-03-28'), ZONE)).toEqual({ start_at: '2027-03-27T23:00:00.000Z', end_at: '2027-03-28T22:00:00.000Z' });
  const whole = entry('2027-03-27T23:00:00Z', '2027-03-28T22:00:00Z');
  expect(wholeDays(whole, ZONE)).toEqual({ first: Date.parse(whole.start_at), last: Date.parse(whole.end_at) - 1 });
  expect(wholeDays(entry('2027-03-27T23:00:00Z', '2027-03-28T21:00:00Z'), ZONE)).toBeNull();
});

test('a period without some of its days is what is around them', () => {
  // From Monday morning to Friday at midnight.
  const week = entry('2026-12-07T08:00:00Z', '2026-12-11T23:00:00Z');
  expect(without(week, days('2026-12-11', '2026-12-09'), ZONE)).toEqual([
    { start_at: '2026-12-07T08:00:00.000Z', end_at: '2026-12-08T23:00:00.000Z' },
    { start_at: '2026-12-09T23:00:00.000Z', end_at: '2026-12-10T23:00:00.000Z' },
  ]);
  const one = entry('2026-12-06T23:00:00Z', '2026-12-07T23:00:00Z');
  expect(without(one, days('2026-12-07'), ZONE)).toEqual([]);
});

test('a series counts its weekdays from its first day to its last', () => {
  const chosen = days('2026-12-09', '2026-12-07');
  expect(weekdaysOf(chosen)).toEqual(['mon', 'wed']);
  expect(countOf(chosen, parseDate('2026-12-07'))).toBe(1);
  expect(countOf(chosen, parseDate('2026-12-16'))).toBe(4);
  expect(countOf(chosen, parseDate('2026-12-01'))).toBe(0);
  expect(countOf(chosen, parseDate('2030-12-01'))).toBe(MOST + 1);
});
