/** The keyboard while something is carried: arrows aim, N to the next row that is free, Enter drops. */

import { byDays, movesInTime } from './lift';
import { lifting } from './lift.svelte';
import type { Row } from './rows';
import { SNAP } from './scale';
import { view } from './view.svelte';

const PAGE = 10;

/** Whether the key was one of these. */
export function steer(event: KeyboardEvent, rows: readonly Row[]): boolean {
  const act = action(event, rows);
  if (act === null) return false;
  event.preventDefault();
  event.stopPropagation();
  act();
  return true;
}

function action(event: KeyboardEvent, rows: readonly Row[]): (() => void) | null {
  switch (event.key) {
    case 'ArrowDown':
      return () => { aimAtRow(rows, 1); };
    case 'ArrowUp':
      return () => { aimAtRow(rows, -1); };
    case 'PageDown':
      return () => { aimAtRow(rows, PAGE); };
    case 'PageUp':
      return () => { aimAtRow(rows, -PAGE); };
    case 'ArrowRight':
      return () => { aimInTime(1, event.shiftKey); };
    case 'ArrowLeft':
      return () => { aimInTime(-1, event.shiftKey); };
    case 'Enter':
      return () => {
        lifting.copy ||= event.ctrlKey || event.metaKey;
        lifting.drop();
      };
    case ' ':
      return () => { lifting.drop(); };
    default:
      return null;
  }
}

function aimAtRow(rows: readonly Row[], step: number): void {
  const { aim } = lifting;
  const at = rows.findIndex(({ id }) => id === aim.row);
  const index = Math.min(rows.length - 1, Math.max(0, at + step));
  const row = rows[index];
  if (row !== undefined) lifting.aimAt({ ...aim, row: row.id });
}

/** Whether what is carried would be welcome in a row. */
export function isFreeRow({ id }: Row): boolean {
  return lifting.judgeRow(id)?.level === 'free';
}

/** Aims at the next row where what is carried would be welcome, after the last at the first, and shows it. */
export function aimAtNextFree(): void {
  const { rows } = view;
  const at = rows.findIndex(({ id }) => id === lifting.aim.row) + 1;
  const next = [...rows.slice(at), ...rows.slice(0, at)].find(isFreeRow);
  if (next === undefined) return;
  lifting.aimAt({ row: next.id, shift: 0 });
  // A row that is not drawn has its place, too: a third below the top, clear of the head and of the bar about what is carried.
  const scroller = document.querySelector('.timeline .scroller');
  if (scroller !== null) scroller.scrollTop = next.top - scroller.clientHeight / 3;
}

/** By a quarter of an hour, or by a day. */
function aimInTime(step: number, byDay: boolean): void {
  const { lift, aim, seen } = lifting;
  if (lift === null || seen === null || !movesInTime(lift)) return;
  lifting.aimAt({ ...aim, shift: byDay ? byDays(lift, seen, aim.shift, step) : aim.shift + step * SNAP });
}
