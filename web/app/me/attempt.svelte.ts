/** Something that a person asked for: while it is being done, and when it was not. */

import { type Failure, asFailure } from '../api/refused';

export class Attempt {
  busy = $state(false);
  /** Whether the last one was done. */
  done = $state(false);
  failure = $state.raw<Failure | null>(null);
  #act: (() => Promise<void>) | null = null;

  async make(act: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.#act = act;
    this.busy = true;
    this.done = false;
    this.failure = null;
    try {
      await act();
      this.done = true;
    } catch (error) {
      this.failure = asFailure(error);
    } finally {
      this.busy = false;
    }
  }

  /** The same once more: what `act` holds, such as its key, stays the same. */
  async again(): Promise<void> {
    if (this.#act !== null) await this.make(this.#act);
  }
}
