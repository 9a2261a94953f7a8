/** Where the keyboard is on the board, and where arrows lead. Pure. */

import type { Block, Row } from './rows';

/** A row's name, or a block in it. */
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

  block(spot: Spot): Block | undefined {
    return this.#row(spot)?.blocks.find(({ id }) => id === spot.block);
  }

  /** The spot itself; its row where the block is gone; null where that is gone, too. */
  near(spot: Spot | null): Spot | null {
    if (spot === null || this.#row(spot) === undefined) return null;
    return spot.block === null || this.block(spot) !== undefined ? spot : { row: spot.row, block: null };
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
        return this.#along(spot, 1);
      case 'ArrowLeft':
        return this.#along(spot, -1);
      case 'Home':
        return { row: spot.row, block: null };
      case 'End':
        return { row: spot.row, block: this.#row(spot)?.blocks.at(-1)?.id ?? null };
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
    const from = this.block(spot);
    if (from === undefined) return { row: row.id, block: null };
    const nearest = row.blocks.toSorted(
      (one, other) => Math.abs(one.mission.start - from.mission.start) - Math.abs(other.mission.start - from.mission.start),
    )[0];
    return { row: row.id, block: nearest?.id ?? null };
  }

  /** To the next or the last block of the row; before the first is the row's name. */
  #along(spot: Spot, step: number): Spot {
    const blocks = this.#row(spot)?.blocks ?? [];
    const index = blocks.findIndex(({ id }) => id === spot.block) + step;
    if (index < 0) return { row: spot.row, block: null };
    return { row: spot.row, block: blocks[Math.min(index, blocks.length - 1)]?.id ?? null };
  }
}
