/**
 * Who listens to changes of others. One tab of the browser holds the stream and tells the rest; which one, a Web Lock
 * decides. On plain http there are no locks: every tab listens for itself, while it is looked at, because a browser opens no
 * more than six connections to a server.
 */

import { API } from '../api/access';
import { Refused, Unreachable } from '../api/refused';
import { type Changed, listen } from './events';

/** Of the installation: another one may be in another folder of the same server. */
const LOCK = `coulisses.events ${API}`;
const CHANNEL = `coulisses.live ${API}`;
/** Milliseconds before the stream is opened again; doubled after each failure. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

type Told = { lists: string[] } | { connected: boolean };

class Live {
  /** Since when changes of others do not arrive. */
  since = $state<number | null>(null);

  #subscribers = new Set<(lists: string[]) => void>();
  /** To the tabs that listen through this one. */
  #channel: BroadcastChannel | null = null;
  #begun = false;
  #stream = new AbortController();
  #wake: () => void = () => undefined;

  /** Calls back with the names of the lists that changed, until the answer is called. */
  subscribe(act: (lists: string[]) => void): () => void {
    this.#subscribers.add(act);
    return () => this.#subscribers.delete(act);
  }

  /** Listens from now on. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    addEventListener('offline', () => {
      this.#stream.abort();
    });
    addEventListener('online', () => {
      this.#wake();
    });
    document.addEventListener('visibilitychange', () => {
      if (this.#rests()) this.#stream.abort();
      else this.#wake();
    });
    const lead = (): Promise<void> => this.#lead();
    // A page that is restored or gone lets go of its lock by itself.
    if ('locks' in navigator) {
      this.#channel = new BroadcastChannel(CHANNEL);
      this.#channel.addEventListener('message', ({ data }: MessageEvent<Told>) => {
        this.#take(data);
      });
      void navigator.locks.request(LOCK, lead);
    } else void lead();
  }

  /** Whether this tab listens for itself, and nobody looks at it. */
  #rests(): boolean {
    return this.#channel === null && document.hidden;
  }

  async #lead(): Promise<void> {
    let last: string | null = null;
    let pause = PAUSE;
    for (;;) {
      while (this.#rests()) await this.#wait(LONGEST_PAUSE);
      this.#stream = new AbortController();
      try {
        last = await listen(
          this.#stream,
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
        if (this.#rests()) continue;
        this.#tell({ connected: false });
        pause = Math.min(pause * 2, LONGEST_PAUSE);
      }
      await this.#wait(pause);
    }
  }

  /** Milliseconds at most: it ends when the network is back, or somebody looks. */
  async #wait(most: number): Promise<void> {
    await new Promise<void>((resume) => {
      this.#wake = resume;
      setTimeout(resume, most);
    });
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
    this.since = told.connected ? null : (this.since ?? Date.now());
  }
}

/** A stream that breaks off is a TypeError, one that was given up an AbortError, one that a proxy spoils a SyntaxError. */
function isOfNetwork(error: unknown): boolean {
  const broken = error instanceof TypeError || error instanceof SyntaxError || (error instanceof DOMException && error.name === 'AbortError');
  return broken || error instanceof Refused || error instanceof Unreachable;
}

export const live = new Live();
