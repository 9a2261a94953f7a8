/** The rows of the board, by person or by mission, and where everything in them is. Pure: a snapshot in, rows out. */

import type { PlanningUser } from '../api/types';
import { type PlanAssignment, type PlanAvailability, type PlanMission, type Snapshot, overlap } from '../plan/snapshot';
import type { Instant } from '../time/zone';
import type { Scale } from './scale';

/** Pixels. */
export const LANE = 34;
export const PADDING = 6;
/** A bar is never too narrow to be hit (WCAG 2.5.8), and one that is shorter than this has its text beside it. */
export const NARROWEST = 24;
const SHORT = 64;
/** A time has room in so much beside a bar; nothing that could be read has in less. */
const READABLE = 34;
/** Text that goes on past midnight begins at least so far before it, to be read as of that day. */
const BEGUN = 14;
/** And has so many times the room that it would have on its own day. */
const MUCH_MORE = 1.5;

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
  /** Until the day on which it starts is over, or the next block of its lane begins. */
  rest: number;
  /** How far its text may go: to noon of the next day at most, and not into a day on which another block of its lane starts. */
  room: number;
  /** From the beginning of the day on which it starts, where nothing else of its lane is in the way: its text may be before it. */
  lead: number;
}

/** When somebody is not to be had, or offered to come. */
export interface Band {
  kind: PlanAvailability['kind'];
  start: Instant;
  end: Instant;
  /** Whether a planner has still to approve it. */
  pending: boolean;
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
} & ({ is: 'user'; user: PlanningUser; /** Milliseconds. */ busy: number } | { is: 'mission'; mission: PlanMission; crew: readonly PlanAssignment[] });

/** One row for each person, with what they are on. Where nothing of it changed since the last time, it is the same one. */
export function byPerson(snapshot: Snapshot, users: readonly PlanningUser[], scale: Scale): Row[] {
  return stack(
    users.map((user) => {
      const on = snapshot.ofUser(user.id).filter(({ mission }) => isWithin(mission, scale));
      const declared = snapshot.availabilities(user.id).filter((one) => isWithin(one, scale));
      const last = lasts.get(user);
      if (last?.scale === scale && areSame(last.on, on) && areSame(last.declared, declared)) return last.row;
      const blocks = inLanes(on, scale);
      const bands = declared.map((one) => ({ kind: one.kind, pending: one.status === 'PENDING', start: one.start, end: one.end, ...place(one, scale) }));
      const row = { is: 'user', id: user.id, user, busy: busyOf(on, scale), blocks, bands, top: 0, ...heightOf(blocks) } as const;
      lasts.set(user, { scale, on, declared, row });
      return row;
    }),
  );
}

/** What rows were last made of. */
const lasts = new WeakMap<PlanningUser, { scale: Scale; on: readonly PlanAssignment[]; declared: readonly PlanAvailability[]; row: Row }>();

function areSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

/** One row for each mission, with who is on it. */
export function byMission(snapshot: Snapshot, missions: readonly PlanMission[], scale: Scale): Row[] {
  return stack(
    missions
      .filter((mission) => isWithin(mission, scale))
      .map((mission) => {
        const placed = place(mission, scale);
        const blocks = [{ id: mission.id, mission, assignment: null, lane: 0, ...placed, rest: placed.width, room: placed.width, lead: 0 }];
        const crew = snapshot.ofMission(mission.id);
        return { is: 'mission', id: mission.id, mission, crew, blocks, bands: [], top: 0, ...heightOf(blocks) };
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

/** Milliseconds of the period that somebody accepted, or is asked for. */
function busyOf(on: readonly PlanAssignment[], scale: Scale): number {
  return on
    .filter(({ leaving, status, invitation }) => !leaving && (status === 'ACCEPTED' || invitation !== null))
    .reduce((sum, { mission }) => sum + Math.min(mission.end, scale.to) - Math.max(mission.start, scale.from), 0);
}

/** Calls that overlap are put below each other: each in the first lane that is free. They come by start. */
function inLanes(on: readonly PlanAssignment[], scale: Scale): Block[] {
  const lasts: Block[] = [];
  return on.map((assignment) => {
    const { mission } = assignment;
    const free = lasts.findIndex((last) => last.mission.end <= mission.start);
    const lane = free === -1 ? lasts.length : free;
    const placed = place(mission, scale);
    const day = scale.days.findLast(({ left }) => left <= placed.left) ?? { start: 0, left: 0, width: 1 };
    const before = lasts[lane];
    if (before !== undefined) {
      before.rest = Math.min(before.rest, placed.left - before.left);
      // The day on which this one starts is left to its own text, which may be before it.
      before.room = Math.min(before.room, Math.max(before.rest, day.left - before.left));
    }
    const lead = before !== undefined && before.mission.end > day.start ? 0 : placed.left - day.left;
    const rest = day.left + day.width - placed.left;
    const block = { id: assignment.id, mission, assignment, lane, ...placed, rest, room: Math.min(rest + day.width / 2, 1 - placed.left), lead };
    lasts[lane] = block;
    return block;
  });
}

/** How a block is drawn on a width, in pixels. */
export interface Fit {
  bar: number;
  text: 'within' | 'behind' | 'before' | 'nowhere';
  /** Pixels for its text. */
  most: number;
}

export function fit({ width, rest, room, lead, assignment }: Block, track: number): Fit {
  const bar = Math.max(NARROWEST, width * track);
  if (bar >= SHORT) return { bar, text: 'within', most: Math.max(bar, room * track) };
  const [own, behind] = [rest * track - bar, room * track - bar];
  // A mission's row says in its name what it is.
  if (assignment === null) return { bar, text: 'nowhere', most: 0 };
  // An evening's call has more room before it on its day.
  const before = lead * track;
  const goesOn = own >= BEGUN && behind >= READABLE && behind > MUCH_MORE * before;
  if (own >= READABLE || goesOn) return { bar, text: 'behind', most: behind };
  return before >= READABLE ? { bar, text: 'before', most: before } : { bar, text: 'nowhere', most: 0 };
}

function heightOf(blocks: readonly Block[]): { height: number } {
  const lanes = blocks.reduce((most, { lane }) => Math.max(most, lane + 1), 1);
  return { height: lanes * LANE + PADDING };
}

function stack(rows: Row[]): Row[] {
  let top = 0;
  return rows.map((row) => {
    // Those that were made anew are at 0; the rest are mostly where they were.
    const placed = row.top === top ? row : { ...row, top };
    const last = placed.is === 'user' ? lasts.get(placed.user) : undefined;
    if (last !== undefined) last.row = placed;
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
