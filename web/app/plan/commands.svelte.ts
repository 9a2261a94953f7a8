/**
 * The one way in which planners change the plan: commands, carried out by `planning:apply` one batch after the other,
 * shown at once as not acknowledged, and kept for undo. Nothing is said to be done before the server says so.
 */

import { api, data, newKey } from '../api/client';
import { isOffline } from '../api/offline';
import { type Failure, Refused, Unreachable, asFailure } from '../api/refused';
import type { PlanningApplied, PlanningCommand } from '../api/types';
import { now } from '../time/now.svelte';
import { notices } from '../ui/notices.svelte';
import { reasonOf } from '../ui/refusals';
import { keepLink } from './links.svelte';
import { plan } from './plan.svelte';
import type { Snapshot } from './snapshot';
import { conflictLines, linesOf } from './conflicts';
import type { Batch } from './drafts';
import { Own } from './own';
import { tellRefusal } from './refusals';
import { conflicting, judge } from './verdict';
import { linesOf as versionOf } from './versions';
import { words } from './words';

/** Changes that are kept for undo. */
const DEEP = 50;
/** Milliseconds before a change without an answer is sent again, each time; the last, from then on. */
const AGAIN = [500, 2_000, 5_000, 15_000];

/** A change of the plan, with what is said when it is done. */
export interface Change {
  commands: PlanningCommand[];
  told: string;
  /** The plan that was looked at when it was begun; that of now where it is not said. */
  seen?: Snapshot;
}

interface Params {
  header: { 'Idempotency-Key': string };
}

interface Kept {
  told: string;
  /** Opaque; null where the server could not keep it. */
  undo: string | null;
}

/** What a planner is asked before a change goes on. */
export type Question =
  /** Somebody has accepted something else then: each in a line, and by which of the commands, counted from 0. */
  | { is: 'override'; change: Change; lines: string[]; clashing: readonly number[] }
  | { is: 'changed'; change: Change; seen: Snapshot | null };

class Commands {
  /** How many changes wait for their answer. */
  waiting = $state(0);
  #questions = $state.raw<readonly Question[]>([]);
  /** A change of which nobody knows whether it was done: no answer came. */
  unsure = $state.raw<{ told: string; again: () => void } | null>(null);
  #done = $state.raw<readonly Kept[]>([]);
  #undone = $state.raw<readonly Kept[]>([]);
  #last: Promise<unknown> = Promise.resolve();
  #sent = 0;
  readonly #own = new Own();

  /** What is to be answered first. */
  get question(): Question | null {
    return this.#questions[0] ?? null;
  }

  ask(question: Question): void {
    this.#questions = [...this.#questions, question];
  }

  /** Commands about what drafts have become since the question was asked. */
  named(all: readonly PlanningCommand[]): PlanningCommand[] {
    return all.map((command) => this.#own.named(command));
  }

  /** The server's name of a draft, once it is known: what is selected is followed by it. */
  nameOf(id: string): string {
    return this.#own.nameOf(id);
  }

  answered(): void {
    this.#questions = this.#questions.slice(1);
  }

  /** What undo would take back. */
  get undoable(): string | null {
    return this.#done.at(-1)?.told ?? null;
  }

  get redoable(): string | null {
    return this.#undone.at(-1)?.told ?? null;
  }

  /** Carries out a change, once there is a reason for whoever has accepted something else then. */
  async propose(change: Change): Promise<PlanningApplied | null> {
    const { snapshot } = plan;
    const verdict = snapshot === null ? null : judge(snapshot, change.commands, now.at);
    if (snapshot === null || verdict?.overridable !== true) return this.apply(change);
    const lines = linesOf(verdict, snapshot);
    this.ask({ is: 'override', change, lines, clashing: conflicting(snapshot, change.commands) });
    return null;
  }

  /** Carries out a change. Answers what came of it, or null where it was refused, which the planner has been told. */
  async apply(change: Change): Promise<PlanningApplied | null> {
    if (isAlone(change.told)) return null;
    const seen = change.seen ?? plan.snapshot;
    const batch = { number: this.#sent++, commands: change.commands };
    plan.pend(batch);
    // What they offer to take back is not the last change any more.
    notices.withdrawOffers();
    this.waiting += 1;
    try {
      const applied = await this.#inTurn(() => this.#carryOut(change, batch));
      if (applied === null) {
        plan.drop(batch);
        notices.tell('refused', words().refused(change.told), { detail: words().unmade, about: change.told });
        return null;
      }
      await plan.settle(batch);
      const toHandOver = keepLinks(applied);
      // Where it was taken back already while the plan was read, there is nothing to offer.
      const isLast = this.#done.at(-1)?.undo === (applied.undo ?? null);
      notices.tell('done', change.told, isLast ? { action: { text: words().undo, act: () => void this.undo() } } : {});
      if (toHandOver > 0) notices.tell('warning', words().handOver(toHandOver));
      return applied;
    } catch (error) {
      // What the others did meanwhile is read before anybody is told, and what was only sent is not shown any more.
      await plan.refresh();
      plan.drop(batch);
      this.#refuse(change, asFailure(error), seen);
      return null;
    } finally {
      this.waiting -= 1;
    }
  }

  async undo(): Promise<void> {
    const kept = await this.#inTurn(() => this.#takeBackLast(this.#done));
    if (kept === null) return;
    notices.tell('done', words().undone(kept.told), { about: kept.told, action: { text: words().redo, act: () => void this.redo() } });
  }

  async redo(): Promise<void> {
    const kept = await this.#inTurn(() => this.#takeBackLast(this.#undone));
    if (kept === null) return;
    notices.tell('done', words().redone(kept.told), { about: kept.told, action: { text: words().undo, act: () => void this.undo() } });
  }

  /**
   * Kept in its turn: what is undone next is what was done last. A new change ends what could be redone. Null where it was
   * about something that was never made.
   */
  async #carryOut(change: Change, batch: Batch): Promise<PlanningApplied | null> {
    const commands = this.#own.brought(change.commands);
    if (commands === null) return null;
    const applied = await this.#send(change.told, async (params) => data(await api.POST('/api/v1/planning:apply', { params, body: { commands } })));
    this.#own.learn(batch, commands, applied.results);
    this.#done = [...this.#done, { told: change.told, undo: applied.undo ?? null }].slice(-DEEP);
    this.#undone = [];
    return applied;
  }

  /** One after the other, in the order in which they were begun. */
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(act, act);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Sends something under one key until an answer comes that says what became of it: the server does it once. */
  async #send<T>(told: string, send: (params: Params) => Promise<T>): Promise<T> {
    const params = { header: { 'Idempotency-Key': newKey() } };
    try {
      for (let tries = 0; ; tries += 1) {
        try {
          return await send(params);
        } catch (error) {
          if (isAnswer(error)) throw error;
          await this.#pause(told, tries);
        }
      }
    } finally {
      this.unsure = null;
    }
  }

  /** Until it is sent again: by itself, when the network is back, or, once that takes long enough to be said, by a button. */
  async #pause(told: string, tries: number): Promise<void> {
    const last = AGAIN.length - 1;
    const waiting = new AbortController();
    await new Promise<void>((resume) => {
      const again = (): void => {
        waiting.abort();
        resume();
      };
      if (tries >= last) this.unsure = { told, again };
      setTimeout(again, AGAIN[Math.min(tries, last)]);
      addEventListener('online', again, { signal: waiting.signal });
    });
  }

  /** Takes the last of these back, which then is the last of the others; null where it was refused, which has been told. */
  async #takeBackLast(stack: readonly Kept[]): Promise<Kept | null> {
    const [undoes, kept] = [stack === this.#done, stack.at(-1)];
    if (kept === undefined || isAlone(kept.told)) return null;
    // What they offer is done now, or is not the last any more.
    notices.withdrawOffers();
    this.waiting += 1;
    try {
      const undo = await this.#takeBack(kept);
      const rest = stack.slice(0, -1);
      const other = undo === undefined ? [] : [{ told: kept.told, undo }];
      this.#done = undoes ? rest : [...this.#done, ...other];
      this.#undone = undoes ? [...this.#undone, ...other] : rest;
      return undo === undefined ? null : kept;
    } finally {
      this.waiting -= 1;
    }
  }

  /** Answers what takes this back again; undefined where it was refused. */
  async #takeBack({ told, undo }: Kept): Promise<string | null | undefined> {
    if (undo === null) {
      notices.tell('warning', words().tooMuch(told), { about: told });
      return undefined;
    }
    try {
      const answer = await this.#send(told, async (params) => data(await api.POST('/api/v1/planning:undo', { params, body: { undo } })));
      this.#own.unlearn(answer);
      await plan.refresh();
      return answer.undo ?? null;
    } catch (error) {
      const failure = asFailure(error);
      await plan.refresh();
      const detail = failure instanceof Refused ? reasonOf(failure.problem) : words().noAnswer;
      notices.tell('refused', words().notUndone(told), { detail, about: told });
      return undefined;
    }
  }

  #refuse(change: Change, failure: Failure, seen: Snapshot | null): void {
    if (failure instanceof Refused && failure.is('schedule_conflict')) {
      // The server may know of one that the snapshot does not show: then it is any of them.
      const found = plan.snapshot === null ? [] : conflicting(plan.snapshot, change.commands);
      const clashing = found.length === 0 ? [...change.commands.keys()] : found;
      this.ask({ is: 'override', change, lines: conflictLines(failure, plan.snapshot), clashing });
    } else if (failure instanceof Refused && failure.is('changed_since') && isShown(change, plan.snapshot, seen)) this.ask({ is: 'changed', change, seen });
    else tellRefusal(change, failure, plan.snapshot);
  }
}

/** Whether either version of what a change is about could be shown: a mission beside Today may be in no plan that was read. */
function isShown({ commands }: Change, ...versions: (Snapshot | null)[]): boolean {
  return versions.some((version) => versionOf(commands, version).length > 0);
}

/** Without a network there is only reading, which is said. */
function isAlone(told: string): boolean {
  const offline = isOffline(navigator.onLine, location.hostname);
  if (offline) notices.tell('refused', words().refused(told), { detail: words().offline, about: told });
  return offline;
}

/** Whether the server has said what became of it. These say that it may have been done, or will be. */
function isAnswer(error: unknown): boolean {
  if (error instanceof Unreachable) return false;
  const open = ['outcome_unknown', 'timed_out', 'idempotency_in_progress', 'contended', 'unavailable'] as const;
  return !(error instanceof Refused && error.is(...open));
}

/** Keeps the links that no mail carries; how many there are. */
function keepLinks({ results }: PlanningApplied): number {
  const made = results.flatMap(({ invitations }) => invitations);
  for (const { assignment_id: assignment, delivery, url } of made) keepLink({ assignment, delivery, url });
  return made.filter(({ delivery }) => delivery === 'none').length;
}

export const commands = new Commands();
