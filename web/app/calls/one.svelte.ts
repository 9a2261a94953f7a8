/** One call on a screen of its own: read when it is opened, and again when something changes. */

import { type Failure, Refused, asFailure } from '../api/refused';
import { live } from '../live/live.svelte';
import { calls } from './calls.svelte';
import type { Call } from './facts';

export class One {
  /** Whether it is none of one's own calls, or none any more. */
  isGone = $state(false);
  failure = $state.raw<Failure | null>(null);
  readonly #id: string;
  #opened = $state(false);

  constructor(id: string) {
    this.#id = id;
  }

  get call(): Call | null {
    const assignment = this.#opened ? calls.find(this.#id) : undefined;
    return assignment === undefined ? null : calls.call(assignment);
  }

  /** Keeps it up to date until the answer is called. */
  use(): () => void {
    const leave = calls.use();
    void this.open();
    const forget = live.subscribe((lists) => {
      if (lists.includes('missions')) void this.open();
    });
    return () => {
      forget();
      leave();
    };
  }

  async open(): Promise<void> {
    try {
      await calls.open(this.#id);
      this.#opened = true;
      this.isGone = false;
      this.failure = null;
    } catch (error) {
      const failure = asFailure(error);
      this.isGone = failure instanceof Refused && failure.is('not_found', 'validation_failed');
      this.failure = this.isGone ? null : failure;
    }
  }
}
