/** Calls that are over, the last first: read when somebody looks, some months at first, then all. */

import { type Failure, asFailure } from '../api/refused';
import type { Assignment } from '../api/types';
import { DAY } from '../time/zone';
import { calls } from './calls.svelte';
import { isOver } from './facts';
import { readAssignments } from './server';

const RECENT = 90 * DAY;
const PAGE = 20;

export class Past {
  #found = $state.raw<readonly Assignment[]>([]);
  #isAll = $state(false);
  #wanted = $state(0);
  busy = $state(false);
  failure = $state.raw<Failure | null>(null);

  readonly shown = $derived(this.#found.slice(0, this.#wanted));
  readonly hasMore = $derived(!this.#isAll || this.#found.length > this.#wanted);

  async more(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failure = null;
    try {
      const wanted = this.shown.length + PAGE;
      if (this.#found.length === 0) await this.#read({ from: Date.now() - RECENT });
      if (this.#found.length < wanted && !this.#isAll) await this.#read({});
      await calls.readMissions(this.#found.slice(0, wanted));
      this.#wanted = wanted;
    } catch (error) {
      this.failure = asFailure(error);
    } finally {
      this.busy = false;
    }
  }

  async #read(range: { from?: number }): Promise<void> {
    const to = Date.now();
    const found = await readAssignments({ ...range, to });
    this.#found = found.filter((one) => isOver(one, to)).reverse();
    this.#isAll = range.from === undefined;
  }
}
