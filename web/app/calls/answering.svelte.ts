/** One ticket's answer: what is being sent, what became of it, and how it is sent again. */

import { newKey } from '../api/client';
import { type Failure, asFailure } from '../api/refused';
import type { Assignment } from '../api/types';
import { type Outcome, calls } from './calls.svelte';
import type { Decision, Intent } from './server';

export class Answering {
  busy = $state<Decision | null>(null);
  outcome = $state.raw<Outcome | null>(null);
  failure = $state.raw<Failure | null>(null);
  #last: { shown: Assignment; intent: Intent } | null = null;

  /** Sends a new answer to what is shown. */
  async answer(shown: Assignment, decision: Decision, reason = ''): Promise<void> {
    const intent = { decision, reason: reason.trim() === '' ? null : reason.trim(), key: newKey() };
    this.#last = { shown, intent };
    await this.again();
  }

  /** Whether what was wanted is so, also where the answer to it never came. */
  hasReached({ status, needs_confirmation }: Assignment): boolean {
    const wanted = this.#last?.intent.decision === 'decline' ? 'DECLINED' : 'ACCEPTED';
    return status === wanted && !needs_confirmation;
  }

  /** Sends the same answer once more, as to what was shown when it was given. */
  async again(): Promise<void> {
    if (this.#last === null || this.busy !== null) return;
    const { shown, intent } = this.#last;
    this.busy = intent.decision;
    this.failure = null;
    this.outcome = null;
    try {
      this.outcome = await calls.answer(shown, intent);
    } catch (error) {
      this.failure = asFailure(error);
    } finally {
      this.busy = null;
    }
  }
}
