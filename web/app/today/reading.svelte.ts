/** A list of the server, as it was last read. */

import { type Failure, asFailure } from '../api/refused';

export class Reading<T> {
  /** Null until the first answer. A failure later leaves it as it was. */
  value = $state.raw<T | null>(null);
  /** Why it could not be read when it was last asked for. */
  failure = $state.raw<Failure | null>(null);

  readonly #ask: () => Promise<T>;
  #running: Promise<void> | null = null;
  #stale = false;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** Whether there is something to show: the list, or why there is none. */
  get settled(): boolean {
    return this.value !== null || this.failure !== null;
  }

  /** Reads it again. One reading at a time; what is asked for during one leads to another. */
  async refresh(): Promise<void> {
    this.#stale = true;
    this.#running ??= this.#read().finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  async #read(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      try {
        this.value = await this.#ask();
        this.failure = null;
      } catch (error) {
        this.failure = asFailure(error);
      }
    }
  }
}
