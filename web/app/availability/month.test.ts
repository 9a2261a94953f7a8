import { parseDate } from '@internationalized/date';
import { expect, test } from 'vitest';
import type { Availability } from '../api/types';
import { MOST, changeTo, everyWeek, isDeclared, marksOn, period, runs, weekdaysOf, weeksOf, wholeDays, without } from './month';

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

test('a day is declared by a part of it, too, and not by what was rejected', () => {
  const day = parseDate('2026-12-07');
  const part = entry('2026-12-07T08:00:00Z', '2026-12-07T23:00:00Z');
  expect(isDeclared(marksOn(day, [part], ZONE))).toBe(true);
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

test('what repeats is on its weekdays, from its first day to its last', () => {
  const chosen = days('2026-12-09', '2026-12-07');
  expect(weekdaysOf(chosen).map(String)).toEqual(['2026-12-07', '2026-12-09']);
  const until = (day: string) => everyWeek(chosen, parseDate(day)).map(String);
  expect(until('2026-12-07')).toEqual(['2026-12-07']);
  expect(until('2026-12-16')).toEqual(['2026-12-07', '2026-12-09', '2026-12-14', '2026-12-16']);
  expect(until('2026-12-01')).toEqual([]);
  expect(until('2030-12-01')).toHaveLength(MOST + 1);
});

/** `unavailable 12-06T23/12-07T23`, with the weekdays and the end of a series. */
function changed(...[kind, chosen, entries, isWeekly]: [Parameters<typeof changeTo>[0], string[], Availability[], boolean]) {
  const { replaced, periods } = changeTo(kind, days(...chosen), entries, isWeekly, ZONE);
  const short = (text: string) => text.slice(5, 13);
  return {
    left: replaced.map(({ rest }) => rest.map(({ start_at, end_at }) => `${short(start_at)}/${short(end_at)}`)),
    said: periods.map(({ start_at, end_at, repeat }) => {
      const series = repeat ? ` ${repeat.days.join()} -${short(repeat.until)}` : '';
      return `${short(start_at)}/${short(end_at)}${series}`;
    }),
  };
}

test('a day that is declared in part is no more declared both ways than a whole one', () => {
  // From Monday morning to Wednesday at midnight.
  const part = entry('2026-12-07T08:00:00Z', '2026-12-09T23:00:00Z');
  const monday = ['2026-12-07'];
  const left = [['12-07T23/12-09T23']];
  expect(changed('unavailable', monday, [part], false)).toEqual({ left, said: ['12-06T23/12-07T23'] });
  expect(changed('available', monday, [part], false)).toEqual({ left, said: ['12-06T23/12-07T23'] });
  expect(changed(null, monday, [part], false)).toEqual({ left, said: [] });
  // Tuesday says so already, of all of it.
  expect(changed('available', ['2026-12-08'], [part], false)).toEqual({ left: [], said: [] });
  const rejected = entry(part.start_at, part.end_at, 'REJECTED');
  expect(changed('unavailable', monday, [rejected], false)).toEqual({ left: [], said: ['12-06T23/12-07T23'] });
});

test('what repeats is a series for each weekday, around the days that say it already', () => {
  const mondays = ['2026-12-07', '2026-12-14', '2026-12-21', '2026-12-28'];
  const tuesdays = ['2026-12-08', '2026-12-15'];
  const said = entry('2026-12-20T23:00:00Z', '2026-12-21T23:00:00Z', 'APPROVED');
  expect(changed('available', [...mondays, ...tuesdays], [said], true)).toEqual({
    left: [],
    said: ['12-06T23/12-07T23 mon -12-13T23', '12-27T23/12-28T23', '12-07T23/12-08T23 tue -12-14T23'],
  });
  expect(changed('unavailable', mondays, [said], true)).toEqual({
    left: [[]],
    said: ['12-06T23/12-07T23 mon -12-27T23'],
  });
});
