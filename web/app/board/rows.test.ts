import { parseDate } from '@internationalized/date';
import { expect, test } from 'vitest';
import { assignment, mission, sample } from '../plan/sample';
import { Snapshot } from '../plan/snapshot';
import { Cursor, type Spot } from './cursor';
import { type Block, LANE, PADDING, byMission, byPerson, endVisible, firstVisible, fit, heightOfAll, inBox, rowAt } from './rows';
import { Scale } from './scale';

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

test('the text of a block goes on to noon at most, and keeps out of the way of the next one of its lane', () => {
  const [montage, , concert] = rows[0]?.blocks ?? [];
  expect((montage?.left ?? 0) + (montage?.room ?? 0)).toBeCloseTo(concert?.left ?? 0);
  expect((concert?.left ?? 0) + (concert?.room ?? 0)).toBeCloseTo(3.5 / 7);
});

test('the text of a block leaves a day that has another one to that one, and ends with the period', () => {
  const more = [mission('early', '2026-12-01T08:00:00Z', '2026-12-01T12:00:00Z'), mission('last', '2026-12-06T18:00:00Z', '2026-12-06T22:00:00Z')];
  const on = [assignment('early', 'ada'), assignment('concert', 'ada'), assignment('last', 'ada')];
  const filled = new Snapshot(sample({ missions: [...sample().missions, ...more], assignments: on }));
  const ends = byPerson(filled, filled.users, week)[0]?.blocks.map(({ left, room }) => (left + room) * 7);
  [2, 3.5, 7].forEach((end, index) => expect(ends?.[index]).toBeCloseTo(end));
});

test('the text may be before a block where nothing else is on that day', () => {
  const [ada, bob] = rows.map(({ blocks }) => blocks.find(({ mission: { id } }) => id === 'concert'));
  expect(ada?.lead).toBe(0);
  expect((bob?.left ?? 0) - (bob?.lead ?? 0)).toBeCloseTo(2 / 7);
});

test('a short bar has its text beside it, where it can be read on its day', () => {
  const at = (id: string, row: number) => rows[row]?.blocks.find(({ mission }) => mission.id === id);
  const text = (block: Block | undefined, track: number) => (block === undefined ? null : fit(block, track));
  expect(text(at('montage', 0), 7 * 240)).toMatchObject({ text: 'within' });
  expect(text(at('reglages', 0), 7 * 140)).toMatchObject({ bar: 24, text: 'behind' });
  // It may go on past midnight, and has to begin before it.
  expect(text(at('reglages', 0), 7 * 80)).toMatchObject({ text: 'behind', most: expect.closeTo(62.7, 1) });
  expect(text(at('reglages', 0), 7 * 60)?.text).toBe('nowhere');
  // From 20 on, with the day before it or with something on it.
  expect(text(at('concert', 1), 7 * 140)?.text).toBe('before');
  expect(text(at('concert', 0), 7 * 140)).toEqual({ bar: 24, text: 'nowhere', most: 0 });
});

test('the text goes past midnight only where its own day has much less room for it', () => {
  const at = (start: string, end: string, more: ReturnType<typeof mission>[] = []) => {
    const missions = [mission('one', `2026-12-01T${start}Z`, end), ...more];
    const seen = new Snapshot(sample({ missions, assignments: missions.map(({ id }) => assignment(id, 'ada')) }));
    const block = byPerson(seen, seen.users, week)[0]?.blocks[0];
    return block === undefined ? null : fit(block, 7 * 135);
  };
  const [day, evening, night] = [
    ['08:00:00', '2026-12-01T17:00:00Z'],
    ['15:30:00', '2026-12-01T19:00:00Z'],
    ['19:00:00', '2026-12-02T01:00:00Z'],
  ] as const;
  const nextMorning = mission('next', '2026-12-02T08:00:00Z', '2026-12-02T12:00:00Z');
  expect(at(...day)).toMatchObject({ text: 'behind', most: expect.closeTo(101, 0) });
  expect(at(...day, [nextMorning])?.text).toBe('before');
  for (const more of [[], [nextMorning]]) expect(at(...evening, more)).toMatchObject({ text: 'before' });
  expect(at(...night)).toMatchObject({ text: 'before' });
});

test('somebody is as busy as what they accepted or are asked for takes of the period', () => {
  const at = '2026-11-01T08:00:00Z';
  const invitation = { id: 'i', created_at: at, answer_by: null, expires_at: at, reminded_at: null, delivery: 'sent' } as const;
  const more = [
    mission('tour', '2026-11-29T21:00:00Z', '2026-11-30T01:00:00Z'),
    mission('asked', '2026-12-03T08:00:00Z', '2026-12-03T11:00:00Z'),
    mission('planned', '2026-12-04T08:00:00Z', '2026-12-04T11:00:00Z'),
  ];
  const asked = { status: 'INVITED', invitation } as const;
  const on = [assignment('tour', 'ada'), assignment('asked', 'ada', asked), assignment('planned', 'ada', { status: 'INVITED' })];
  const busy = new Snapshot(sample({ missions: more, assignments: on }));
  // By the clock of Paris the week begins two hours into the tour.
  expect(byPerson(busy, busy.users, week)[0]).toMatchObject({ busy: 5 * 3_600_000 });
});

test('what is still to be approved is marked', () => {
  const one = { id: 'a', user_id: 'ada', note: null, series_id: null };
  const [pending, approved] = [
    { ...one, kind: 'unavailable', status: 'PENDING', start_at: '2026-12-01T08:00:00Z', end_at: '2026-12-01T12:00:00Z' },
    { ...one, kind: 'available', status: 'APPROVED', start_at: '2026-12-02T08:00:00Z', end_at: '2026-12-02T12:00:00Z' },
  ] as const;
  const declared = new Snapshot(sample({ availabilities: [pending, approved] }));
  expect(byPerson(declared, declared.users, week)[0]?.bands).toMatchObject([
    { kind: 'unavailable', pending: true },
    { kind: 'available', pending: false },
  ]);
});

test('a day on which the clocks change is an hour shorter than the others', () => {
  const spring = new Scale(parseDate('2027-03-22'), 7, 'Europe/Paris');
  const hours = spring.days.map(({ width }) => Math.round((width * (spring.to - spring.from)) / 3_600_000));
  expect(hours).toEqual([24, 24, 24, 24, 24, 24, 23]);
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

test('arrows go on to the crew of a mission, and down to what is nearest in time', () => {
  const all = byMission(plan, plan.missions, week);
  const cursor = new Cursor(all);
  const block = { row: 'concert', block: 'concert' };
  const [ada, bob] = ['ada@concert', 'bob@concert'].map((id) => ({ row: 'concert', block: id })) as [Spot, Spot];
  expect(cursor.moved(block, 'ArrowRight')).toEqual(ada);
  expect(cursor.moved(ada, 'ArrowRight')).toEqual(bob);
  expect(cursor.moved(bob, 'ArrowRight')).toEqual(bob);
  expect(cursor.moved(ada, 'ArrowLeft')).toEqual(block);
  expect(cursor.moved(block, 'End')).toEqual(bob);
  expect(cursor.moved(ada, 'ArrowUp')?.block).toBe('reglages');
  expect(cursor.near(ada)).toEqual(ada);
  expect(cursor.near({ row: 'concert', block: 'gone' })).toEqual({ row: 'concert', block: null });
  expect([block, ada].map((spot) => cursor.mission(spot)?.id)).toEqual(['concert', 'concert']);
  expect(cursor.mission({ row: 'concert', block: null })).toBeUndefined();
});

test('a row is made anew where what is on it changed, and is the same one where nothing did', () => {
  const plan = sample({ assignments: [assignment('montage', 'ada'), assignment('concert', 'bob')] });
  const before = byPerson(new Snapshot(plan), plan.users, week);
  const moved = { ...plan, missions: plan.missions.map((one) => (one.id === 'concert' ? { ...one, end_at: '2026-12-02T23:00:00Z' } : one)) };
  const after = byPerson(new Snapshot(moved), plan.users, week);
  expect(after[0]).toBe(before[0]);
  expect(after[1]?.blocks[0]?.width).toBeGreaterThan(before[1]?.blocks[0]?.width ?? 1);
});
