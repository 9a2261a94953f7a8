/**
 * The one way in which planners change the plan: commands, carried out by `planning:apply` one batch after the other,
 * shown at once as not acknowledged, and kept for undo. Nothing is said to be done before the server says so.
 */

import { api, data, newKey } from '../api/client';
import { type Failure, Refused, Unreachable, asFailure } from '../api/refused';
import type { PlanningApplied, PlanningCommand } from '../api/types';
import { notices } from '../ui/notices.svelte';
import { plan } from './plan.svelte';
import type { Snapshot } from './snapshot';
import { conflictLines } from './conflicts';
import { tellRefusal } from './refusals';
import { words } from './words';

/** Changes that are kept for undo. */
const DEEP = 50;
/** Milliseconds before a change without an answer is sent again, each time. */
const AGAIN = [500, 2_000, 5_000];

/** A change of the plan, with what is said when it is done. */
export interface Change {
  commands: PlanningCommand[];
  told: string;
}

interface Kept {
  told: string;
  /** Opaque; null where the server could not keep it. */
  undo: string | null;
}

/** What a planner is asked before a change goes on. */
export type Question =
  /** Somebody has accepted something else then: each in a line. */
  | { is: 'override'; change: Change; lines: string[] }
  | { is: 'changed'; change: Change; seen: Snapshot | null };

class Commands {
  /** How many changes wait for their answer. */
  waiting = $state(0);
  question = $state.raw<Question | null>(null);
  /** A change of which nobody knows whether it was done: no answer came. */
  unsure = $state.raw<{ change: Change; again: () => void } | null>(null);
  #done = $state.raw<readonly Kept[]>([]);
  #undone = $state.raw<readonly Kept[]>([]);
  #last: Promise<unknown> = Promise.resolve();

  /** What undo would take back. */
  get undoable(): string | null {
    return this.#done.at(-1)?.told ?? null;
  }

  get redoable(): string | null {
    return this.#undone.at(-1)?.told ?? null;
  }

  /** Carries out a change. Answers what came of it, or null where it was refused, which the planner has been told. */
  async apply(change: Change): Promise<PlanningApplied | null> {
    const seen = plan.snapshot;
    const forget = plan.pend(change.commands);
    this.waiting += 1;
    try {
      const applied = await this.#inTurn(() => this.#send(change, newKey()));
      await plan.refresh();
      this.#keep({ told: change.told, undo: applied.undo ?? null });
      notices.tell('done', change.told, { action: { text: words().undo, act: () => void this.undo() } });
      return applied;
    } catch (error) {
      // What the others did meanwhile is read before anybody is told, and what was only sent is not shown any more.
      await plan.refresh();
      forget();
      this.#refuse(change, asFailure(error), seen);
      return null;
    } finally {
      forget();
      this.waiting -= 1;
    }
  }

  async undo(): Promise<void> {
    const kept = this.#done.at(-1);
    if (kept === undefined) return;
    this.#done = this.#done.slice(0, -1);
    const undo = await this.#takeBack(kept);
    if (undo !== undefined) {
      this.#undone = [...this.#undone, { told: kept.told, undo }];
      notices.tell('done', words().undone(kept.told), { action: { text: words().redo, act: () => void this.redo() } });
    }
  }

  async redo(): Promise<void> {
    const kept = this.#undone.at(-1);
    if (kept === undefined) return;
    this.#undone = this.#undone.slice(0, -1);
    const undo = await this.#takeBack(kept);
    if (undo !== undefined) {
      this.#done = [...this.#done, { told: kept.told, undo }];
      notices.tell('done', words().redone(kept.told));
    }
  }

  /** A new change ends what could be redone. */
  #keep(kept: Kept): void {
    this.#done = [...this.#done, kept].slice(-DEEP);
    this.#undone = [];
  }

  /** One after the other, so that undo takes back what was done last. */
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(act, act);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Sends a change under its key until an answer comes: the server does it once. */
  async #send(change: Change, key: string): Promise<PlanningApplied> {
    const params = { header: { 'Idempotency-Key': key } };
    for (const pause of AGAIN) {
      try {
        return data(await api.POST('/api/v1/planning:apply', { params, body: { commands: change.commands } }));
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        await new Promise((resume) => setTimeout(resume, pause));
      }
    }
    await new Promise<void>((again) => {
      this.unsure = { change, again };
    });
    this.unsure = null;
    return this.#send(change, key);
  }

  /** Answers what takes this back again; undefined where it was refused. */
  async #takeBack(kept: Kept): Promise<string | null | undefined> {
    const { undo } = kept;
    if (undo === null) {
      notices.tell('warning', words().tooMuch(kept.told));
      return undefined;
    }
    this.waiting += 1;
    try {
      const params = { header: { 'Idempotency-Key': newKey() } };
      const answer = await this.#inTurn(() => api.POST('/api/v1/planning:undo', { params, body: { undo } }));
      await plan.refresh();
      return data(answer).undo ?? null;
    } catch (error) {
      const failure = asFailure(error);
      await plan.refresh();
      const detail = failure instanceof Refused ? failure.problem.detail : words().noAnswer;
      notices.tell('refused', words().notUndone(kept.told), { detail });
      return undefined;
    } finally {
      this.waiting -= 1;
    }
  }

  #refuse(change: Change, failure: Failure, seen: Snapshot | null): void {
    if (failure instanceof Refused && failure.is('schedule_conflict'))
      this.question = { is: 'override', change, lines: conflictLines(failure, plan.snapshot) };
    else if (failure instanceof Refused && failure.is('changed_since')) this.question = { is: 'changed', change, seen };
    else tellRefusal(change, failure, plan.snapshot);
  }
}

export const commands = new Commands();
