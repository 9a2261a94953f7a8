import { parseDate } from '@internationalized/date';
import { expect, test } from 'vitest';
import { assignment, mission, sample } from '../plan/sample';
import { Snapshot } from '../plan/snapshot';
import { Cursor } from './cursor';
import { LANE, PADDING, byMission, byPerson, endVisible, firstVisible, heightOfAll, inBox, rowAt } from './rows';
import { SNAP, Scale } from './scale';

const week = new Scale(parseDate('2026-11-30'), 7, 'Europe/Paris');
const plan = new Snapshot(
  sample({ assignments: [assignment('montage', 'ada'), assignment('reglages', 'ada'), assignment('concert', 'ada'), assignment('concert', 'bob')] }),
);
const rows = byPerson(plan, plan.users, week);

test('what overlaps is put below each other, what follows in the first free lane', () => {
  expect(rows[0]?.blocks.map(({ mission: { id }, lane }) => [id, lane])).toEqual([
    ['montage', 0],
    ['reglages', 1],
    ['concert', 0],
  ]);
  expect(rows.map(({ height }) => height)).toEqual([2 * LANE + PADDING, LANE + PADDING, LANE + PADDING]);
});

test('the text of a block may go on until the next one of its lane', () => {
  const [montage, , concert] = rows[0]?.blocks ?? [];
  expect((montage?.left ?? 0) + (montage?.room ?? 0)).toBeCloseTo(concert?.left ?? 0);
  expect((concert?.left ?? 0) + (concert?.room ?? 0)).toBe(1);
});

test('a day on which the clocks change is an hour shorter than the others', () => {
  const spring = new Scale(parseDate('2027-03-22'), 7, 'Europe/Paris');
  const hours = spring.days.map(({ width }) => Math.round((width * (spring.to - spring.from)) / 3_600_000));
  expect(hours).toEqual([24, 24, 24, 24, 24, 24, 23]);
});

test('spans snap to quarters of an hour', () => {
  expect(week.span(1 / 7 + 0.0001) % SNAP).toBe(0);
  expect(week.span(1 / 7)).toBe(24 * 3_600_000);
});

test('the row at a height is found, and only what is seen is drawn', () => {
  const many = new Snapshot(
    sample({ missions: Array.from({ length: 1000 }, (_, index) => mission(`m${String(index)}`, '2026-12-02T08:00:00Z', '2026-12-02T12:00:00Z')) }),
  );
  const all = byMission(many, many.missions, week);
  expect(heightOfAll(all)).toBe(1000 * (LANE + PADDING));
  const at = rowAt(all, 500 * (LANE + PADDING));
  expect(at).toBe(500);
  expect(rowAt(all, heightOfAll(all) + 1)).toBe(1000);
  expect(firstVisible(all, 500 * (LANE + PADDING))).toBe(498);
  expect(endVisible(all, 500 * (LANE + PADDING))).toBe(503);
});

test('a box takes the blocks that it touches', () => {
  const all = { left: 0, right: 1, top: 0, bottom: heightOfAll(rows) };
  expect(inBox(rows, all)).toHaveLength(4);
  expect(inBox(rows, { ...all, bottom: 10 }).map(({ id }) => id)).toEqual(['ada@montage', 'ada@concert']);
  expect(inBox(rows, { ...all, right: 0.3 })).toHaveLength(0);
});

test('arrows lead along a row, and to what is nearest in time in the next', () => {
  const cursor = new Cursor(rows);
  const name = { row: 'ada', block: null };
  const first = cursor.moved(name, 'ArrowRight');
  expect(first).toEqual({ row: 'ada', block: 'ada@montage' });
  expect(cursor.moved({ row: 'ada', block: 'ada@montage' }, 'ArrowDown')).toEqual({ row: 'bob', block: 'bob@concert' });
  expect(cursor.moved({ row: 'ada', block: 'ada@montage' }, 'ArrowLeft')).toEqual(name);
  expect(cursor.moved(name, 'ArrowUp')).toEqual(name);
  expect(cursor.near({ row: 'ada', block: 'gone' })).toEqual(name);
  expect(cursor.near({ row: 'gone', block: null })).toBeNull();
});
