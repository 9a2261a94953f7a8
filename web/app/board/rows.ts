/** The rows of the board, by person or by mission, and where everything in them is. Pure: a snapshot in, rows out. */

import type { PlanningUser } from '../api/types';
import { type PlanAssignment, type PlanAvailability, type PlanMission, type Snapshot, overlap } from '../plan/snapshot';
import type { Scale } from './scale';

/** Pixels. */
export const LANE = 34;
export const PADDING = 6;
/** A bar is never too narrow to be hit (WCAG 2.5.8), and one that is shorter than this has its text behind it. */
export const NARROWEST = 24;
export const SHORT = 80;

/** A call in a row: somebody's, or the mission itself. */
export interface Block {
  /** The id of the assignment, or of the mission where the row is one. */
  id: string;
  mission: PlanMission;
  assignment: PlanAssignment | null;
  lane: number;
  /** Shares of the width. */
  left: number;
  width: number;
  /** Until the next block of its lane begins, or the period ends: its text may go on so far. */
  room: number;
}

/** When somebody is not to be had, or offered to come. */
export interface Band {
  kind: PlanAvailability['kind'];
  left: number;
  width: number;
}

interface Placed {
  /** Pixels from the top of all rows. */
  top: number;
  height: number;
}

export type Row = Placed & {
  /** Of the person or the mission. */
  id: string;
  blocks: Block[];
  bands: Band[];
} & ({ is: 'user'; user: PlanningUser } | { is: 'mission'; mission: PlanMission; crew: readonly PlanAssignment[] });

/** One row for each person, with what they are on. */
export function byPerson(snapshot: Snapshot, users: readonly PlanningUser[], scale: Scale): Row[] {
  return stack(
    users.map((user) => {
      const on = snapshot.ofUser(user.id).filter(({ mission }) => isWithin(mission, scale));
      const blocks = inLanes(on, scale);
      const declared = snapshot.availabilities(user.id).filter((one) => isWithin(one, scale));
      const bands = declared.map((one) => ({ kind: one.kind, ...place(one, scale) }));
      return { is: 'user', id: user.id, user, blocks, bands, ...heightOf(blocks) };
    }),
  );
}

/** One row for each mission, with who is on it. */
export function byMission(snapshot: Snapshot, missions: readonly PlanMission[], scale: Scale): Row[] {
  return stack(
    missions
      .filter((mission) => isWithin(mission, scale))
      .map((mission) => {
        const placed = place(mission, scale);
        const blocks = [{ id: mission.id, mission, assignment: null, lane: 0, ...placed, room: placed.width }];
        const crew = snapshot.ofMission(mission.id);
        return { is: 'mission', id: mission.id, mission, crew, blocks, bands: [], ...heightOf(blocks) };
      }),
  );
}

function isWithin(period: { start: number; end: number }, scale: Scale): boolean {
  return overlap(period, { start: scale.from, end: scale.to });
}

function place(period: { start: number; end: number }, scale: Scale): { left: number; width: number } {
  const left = scale.at(period.start);
  return { left, width: scale.at(period.end) - left };
}

/** Calls that overlap are put below each other: each in the first lane that is free. They come by start. */
function inLanes(on: readonly PlanAssignment[], scale: Scale): Block[] {
  const lasts: Block[] = [];
  return on.map((assignment) => {
    const { mission } = assignment;
    const free = lasts.findIndex((last) => last.mission.end <= mission.start);
    const lane = free === -1 ? lasts.length : free;
    const placed = place(mission, scale);
    const before = lasts[lane];
    if (before !== undefined) before.room = placed.left - before.left;
    const block = { id: assignment.id, mission, assignment, lane, ...placed, room: 1 - placed.left };
    lasts[lane] = block;
    return block;
  });
}

function heightOf(blocks: readonly Block[]): { height: number } {
  const lanes = blocks.reduce((most, { lane }) => Math.max(most, lane + 1), 1);
  return { height: lanes * LANE + PADDING };
}

type Unplaced<T> = T extends Row ? Omit<T, 'top'> : never;

function stack(rows: Unplaced<Row>[]): Row[] {
  let top = 0;
  return rows.map((row) => {
    const placed = { ...row, top };
    top += row.height;
    return placed;
  });
}

/** The height of all rows. */
export function heightOfAll(rows: readonly Row[]): number {
  const last = rows.at(-1);
  return last === undefined ? 0 : last.top + last.height;
}

/** The first row that ends below a height; the number of rows when none does. */
export function rowAt(rows: readonly Row[], y: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && row.top + row.height <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows that are drawn beyond those that are seen. */
const BEYOND = 2;

/** The first row to draw while this height is at the top. */
export function firstVisible(rows: readonly Row[], top: number): number {
  return Math.max(0, rowAt(rows, top) - BEYOND);
}

/** The row after the last one to draw while this height is at the bottom. */
export function endVisible(rows: readonly Row[], bottom: number): number {
  return Math.min(rows.length, rowAt(rows, bottom) + 1 + BEYOND);
}

/** The blocks that a rectangle touches; shares of the width, and pixels from the top of all rows. */
export function inBox(
  rows: readonly Row[],
  box: { left: number; right: number; top: number; bottom: number },
): Block[] {
  const found: Block[] = [];
  for (const row of rows.slice(rowAt(rows, box.top), rowAt(rows, box.bottom) + 1)) {
    for (const block of row.blocks) {
      const top = row.top + PADDING / 2 + block.lane * LANE;
      const touches = block.left < box.right && block.left + block.width > box.left && top < box.bottom && top + LANE > box.top;
      if (touches) found.push(block);
    }
  }
  return found;
}
