/** The focus among rows: it moves by keys, and stays where it is when rows come, go and change places. */

import { type Order, neighbour } from './order';

/** Where the focus was, before rows changed. */
export interface Held {
  key: string;
  index: number;
  /** From the top of the window. */
  top: number;
}

function rowsIn(root: HTMLElement): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>('[data-row]')];
}

/** The row with the focus. */
export function focused(root: HTMLElement): HTMLElement | null {
  const row = document.activeElement?.closest<HTMLElement>('[data-row]') ?? null;
  return row !== null && root.contains(row) ? row : null;
}

/** Moves to another row; to the first when none has the focus. A row that was only come to is the next. */
export function move(root: HTMLElement, by: 1 | -1, order: Order | null): void {
  const rows = rowsIn(root);
  const from = focused(root);
  const to = from === null ? rows[0] : by === 1 && from === document.activeElement ? from : next(rows, from, by, order);
  if (to === undefined) return;
  enter(to);
  to.scrollIntoView({ block: 'nearest' });
}

function next(rows: readonly HTMLElement[], from: HTMLElement, by: 1 | -1, order: Order | null): HTMLElement | undefined {
  const key = keyOf(from);
  const known = order?.key === key ? order : { key, rows: rows.map(keyOf) };
  const found = neighbour(known, rows.map(keyOf), by);
  return rows.find((row) => keyOf(row) === found);
}

function keyOf(row: HTMLElement): string {
  return row.dataset['row'] ?? '';
}

/** How the rows stand, once another of them has the focus. */
export function noteOrder(root: HTMLElement, known: Order | null): Order | null {
  const row = focused(root);
  if (row === null || keyOf(row) === known?.key) return known;
  return { key: keyOf(row), rows: rowsIn(root).map(keyOf) };
}

function enter(row: HTMLElement): void {
  row.querySelector<HTMLElement>('[data-next]')?.focus({ preventScroll: true });
}

export function hold(root: HTMLElement): Held | null {
  const row = focused(root);
  const key = row?.dataset['row'];
  if (row === null || key === undefined) return null;
  return { key, index: rowsIn(root).indexOf(row), top: row.getBoundingClientRect().top };
}

/**
 * Gives the focus back, or to the row that is there instead: to the row and not to its button, so that it is read as a whole. A row
 * that stayed does not move under the eyes.
 */
export function restore(root: HTMLElement, { key, index, top }: Held, otherwise: HTMLElement): void {
  const rows = rowsIn(root);
  const same = rows.find((row) => row.dataset['row'] === key);
  const row = same ?? rows[Math.min(index, rows.length - 1)];
  if (row === undefined) {
    if (document.activeElement === document.body) otherwise.focus();
    return;
  }
  // What somebody went to meanwhile keeps the focus.
  const lost = document.activeElement === null || document.activeElement === document.body;
  if (lost) row.focus({ preventScroll: true });
  if (same !== undefined) scroller(row).scrollTop += same.getBoundingClientRect().top - top;
  else if (lost) row.scrollIntoView({ block: 'nearest' });
}

function scroller(element: HTMLElement): Element {
  for (let parent = element.parentElement; parent !== null; parent = parent.parentElement) {
    if (/auto|scroll/.test(getComputedStyle(parent).overflowY) && parent.scrollHeight > parent.clientHeight) return parent;
  }
  return document.scrollingElement ?? document.documentElement;
}
