/** The plan that is shown: one period of it, kept up to date while it is looked at. */

import { api } from '../api/client';
import { type Failure, asFailure } from '../api/refused';
import type { Planning } from '../api/types';
import { live } from '../live/live.svelte';
import { DAY, type Instant, timestamp } from '../time/zone';
import { type Batch, draft } from './drafts';
import { Snapshot } from './snapshot';

export interface Window {
  from: Instant;
  to: Instant;
}

/** Milliseconds read beyond what is shown: what begins or ends there may be in the way of what is shown. */
const MARGIN = 2 * DAY;

class Plan {
  #answer = $state.raw<Planning | null>(null);
  /** What the answer is of. */
  #of = $state.raw<Window | null>(null);
  #drafts = $state.raw<readonly Batch[]>([]);
  /** Those of them that are done: the next reading has them. */
  #done = new Set<Batch>();
  #snapshot = $derived(this.#answer === null ? null : new Snapshot(this.#drafted(this.#answer)));
  #failure = $state.raw<Failure | null>(null);
  #window: Window | null = null;
  #tag: string | null = null;
  #loading: Promise<void> | null = null;
  #stale = false;

  constructor() {
    live.subscribe((lists) => {
      if (!lists.includes('planning')) return;
      // What nobody looks at is read when somebody does.
      if (document.hidden) this.#stale = true;
      else void this.refresh();
    });
    document.addEventListener('visibilitychange', () => {
      if (this.#stale && !document.hidden) void this.refresh();
    });
  }

  /** With what was sent and is not acknowledged yet; null until the first answer. */
  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /** Whether the snapshot is of a period, or still of the one that was shown before. */
  isOf({ from, to }: Window): boolean {
    return this.#of?.from === from && this.#of.to === to;
  }

  /** Why the plan could not be read when it was last asked for. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Shows another period. */
  async show(window: Window): Promise<void> {
    if (this.#window?.from === window.from && this.#window.to === window.to) return;
    this.#window = window;
    this.#tag = null;
    await this.refresh();
  }

  /** Reads the plan again. One reading at a time; a change during one leads to another. */
  async refresh(): Promise<void> {
    this.#stale = true;
    this.#loading ??= this.#read().finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  /** Shows what was sent as if it were done, and marked, until it is said what became of it. */
  pend(batch: Batch): void {
    this.#drafts = [...this.#drafts, batch];
  }

  /** It was refused. */
  drop(batch: Batch): void {
    this.#drafts = this.#drafts.filter((one) => one !== batch);
  }

  /** It was done: shown as it is from the next reading on, in one step. */
  async settle(batch: Batch): Promise<void> {
    this.#done.add(batch);
    await this.refresh();
  }

  async #read(): Promise<void> {
    while (this.#stale && this.#window !== null) {
      this.#stale = false;
      try {
        await this.#readOnce(this.#window);
        this.#failure = null;
      } catch (error) {
        this.#failure = asFailure(error);
      }
    }
  }

  async #readOnce(window: Window): Promise<void> {
    const query = { from: timestamp(window.from - MARGIN), to: timestamp(window.to + MARGIN) };
    const header = this.#tag === null ? {} : { 'If-None-Match': this.#tag };
    const done = [...this.#done];
    const { data, response } = await api.GET('/api/v1/planning', { params: { query, header } });
    if (window !== this.#window) return;
    this.#drafts = this.#drafts.filter((batch) => !done.includes(batch));
    for (const batch of done) this.#done.delete(batch);
    if (response.status === 304) return;
    this.#tag = response.headers.get('etag');
    this.#answer = data ?? null;
    this.#of = window;
  }

  #drafted(answer: Planning): Planning {
    return this.#drafts.reduce(draft, answer);
  }
}

export const plan = new Plan();
