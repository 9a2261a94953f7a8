/** Where one is signed in. */

import { allPages, api } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Session } from '../api/types';
import { Attempt } from './attempt.svelte';

export class Sessions {
  all = $state.raw<readonly Session[]>([]);
  loaded = $state(false);
  failure = $state.raw<Failure | null>(null);
  /** The one that is being ended. */
  ending = $state<string | null>(null);
  readonly attempt = new Attempt();

  async load(): Promise<void> {
    this.failure = null;
    try {
      this.all = await allPages((cursor) => {
        const query = cursor === undefined ? {} : { cursor };
        return api.GET('/api/v1/auth/sessions', { params: { query } });
      });
      this.loaded = true;
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  async end(id: string): Promise<void> {
    this.ending = id;
    await this.attempt.make(async () => {
      try {
        await api.DELETE('/api/v1/auth/sessions/{id}', { params: { path: { id } } });
      } catch (error) {
        // Ended meanwhile.
        if (!(error instanceof Refused && error.is('not_found'))) throw error;
      }
      this.all = this.all.filter((one) => one.id !== id);
    });
    this.ending = null;
  }
}
