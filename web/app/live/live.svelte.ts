/**
 * Who listens to changes of others. One tab of the browser holds the stream and tells the rest; which one, a Web Lock
 * decides. On plain http there are no locks, and every tab listens for itself.
 */

import { Refused, Unreachable } from '../api/refused';
import { type Changed, listen } from './events';

const LOCK = 'coulisses.events';
/** Milliseconds before the stream is opened again; doubled after each failure. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

type Told = { lists: string[] } | { connected: boolean };

class Live {
  /** Whether changes of others arrive at present. */
  connected = $state(false);
  /** Since when they do not. */
  since = $state<number | null>(null);

  #subscribers = new Set<(lists: string[]) => void>();
  #channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('coulisses.live');
  #begun = false;

  /** Calls back with the names of the lists that changed, until the answer is called. */
  subscribe(act: (lists: string[]) => void): () => void {
    this.#subscribers.add(act);
    return () => this.#subscribers.delete(act);
  }

  /** Listens from now on. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      this.#take(data);
    });
    const lead = (): Promise<void> => this.#lead();
    // A page that is restored or gone lets go of its lock by itself.
    if ('locks' in navigator && this.#channel !== null) void navigator.locks.request(LOCK, lead);
    else void lead();
  }

  async #lead(): Promise<void> {
    let last: string | null = null;
    let pause = PAUSE;
    for (;;) {
      try {
        last = await listen(
          last,
          () => {
            pause = PAUSE;
            this.#tell({ connected: true });
          },
          ({ lists }: Changed) => {
            this.#tell({ lists });
          },
        );
      } catch (error) {
        if (!isOfNetwork(error)) throw error;
        this.#tell({ connected: false });
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }

  #tell(told: Told): void {
    this.#channel?.postMessage(told);
    this.#take(told);
  }

  #take(told: Told): void {
    if ('lists' in told) {
      for (const act of this.#subscribers) act(told.lists);
      return;
    }
    this.connected = told.connected;
    this.since = told.connected ? null : (this.since ?? Date.now());
  }
}

/** A stream that breaks off is a TypeError, one that was given up an AbortError. */
function isOfNetwork(error: unknown): boolean {
  const broken = error instanceof TypeError || (error instanceof DOMException && error.name === 'AbortError');
  return broken || error instanceof Refused || error instanceof Unreachable;
}

export const live = new Live();
