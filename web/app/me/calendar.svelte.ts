/** The address of one's calendar, for calendar programs. It is a secret, so it is asked for only when somebody wants it. */

import { api, data } from '../api/client';
import { session } from '../session/session.svelte';
import { Attempt } from './attempt.svelte';

export class Calendar {
  url = $state<string | null>(null);
  readonly attempt = new Attempt();

  async show(): Promise<void> {
    await this.attempt.make(() => this.#ask());
  }

  /** Ends the address that there is; the next one is another. */
  async renew(): Promise<void> {
    await this.attempt.make(async () => {
      await api.DELETE('/api/v1/users/{id}/calendar_key', { params: { path: this.#path() } });
      this.url = null;
      await this.#ask();
    });
  }

  /** Without an `Idempotency-Key`: it answers the same until it is ended, and a replay would answer one that is. */
  async #ask(): Promise<void> {
    this.url = data(await api.POST('/api/v1/users/{id}/calendar_key', { params: { path: this.#path() } })).url;
  }

  #path(): { id: string } {
    return { id: session.me.user_id ?? '' };
  }
}
