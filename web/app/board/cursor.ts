/** Where the keyboard is on the board, and where arrows lead. Pure. */

import type { PlanMission } from '../plan/snapshot';
import type { Row } from './rows';

/** A row's name, a block in it, or somebody of a mission's crew. */
export interface Spot {
  row: string;
  block: string | null;
}

const PAGE = 10;

export class Cursor {
  readonly #rows: readonly Row[];
  readonly #index: ReadonlyMap<string, number>;

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
    this.#index = new Map(rows.map(({ id }, index) => [id, index]));
  }

  first(): Spot | null {
    const row = this.#rows[0];
    return row === undefined ? null : { row: row.id, block: null };
  }

  /** The mission of a block, or of somebody's place in the crew. */
  mission(spot: Spot): PlanMission | undefined {
    const row = this.#row(spot);
    if (spot.block === null) return undefined;
    return row?.is === 'mission' ? row.mission : row?.blocks.find(({ id }) => id === spot.block)?.mission;
  }

  /** The spot itself; its row where the block is gone; null where that is gone, too. */
  near(spot: Spot | null): Spot | null {
    if (spot === null || this.#row(spot) === undefined) return null;
    return spot.block === null || this.#along(spot).includes(spot.block) ? spot : { row: spot.row, block: null };
  }

  /** Where a key leads; null for a key that leads nowhere. */
  moved(spot: Spot, key: string): Spot | null {
    switch (key) {
      case 'ArrowDown':
        return this.#toRow(spot, 1);
      case 'ArrowUp':
        return this.#toRow(spot, -1);
      case 'PageDown':
        return this.#toRow(spot, PAGE);
      case 'PageUp':
        return this.#toRow(spot, -PAGE);
      case 'ArrowRight':
        return this.#step(spot, 1);
      case 'ArrowLeft':
        return this.#step(spot, -1);
      case 'Home':
        return { row: spot.row, block: null };
      case 'End':
        return { row: spot.row, block: this.#along(spot).at(-1) ?? null };
      default:
        return null;
    }
  }

  #row(spot: Spot): Row | undefined {
    return this.#rows[this.#index.get(spot.row) ?? -1];
  }

  /** To another row, there to what is nearest in time. */
  #toRow(spot: Spot, step: number): Spot {
    const last = this.#rows.length - 1;
    const index = Math.min(last, Math.max(0, (this.#index.get(spot.row) ?? 0) + step));
    const row = this.#rows[index];
    if (row === undefined || row.id === spot.row) return spot;
    const from = this.mission(spot);
    if (from === undefined) return { row: row.id, block: null };
    const nearest = row.blocks.toSorted(
      (one, other) => Math.abs(one.mission.start - from.start) - Math.abs(other.mission.start - from.start),
    )[0];
    return { row: row.id, block: nearest?.id ?? null };
  }

  /** What arrows lead along in a row: its blocks, then the crew. */
  #along(spot: Spot): string[] {
    const row = this.#row(spot);
    if (row === undefined) return [];
    return [...row.blocks, ...(row.is === 'mission' ? row.crew : [])].map(({ id }) => id);
  }

  /** Before the first is the row's name; behind the last is nothing. */
  #step(spot: Spot, step: number): Spot {
    const ids = this.#along(spot);
    const index = ids.indexOf(spot.block ?? '') + step;
    return { row: spot.row, block: index < 0 ? null : (ids[Math.min(index, ids.length - 1)] ?? null) };
  }
}
