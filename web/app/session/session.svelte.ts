/** Who is signed in, and in which org. Everything else that is shown is that org's, so a change of either starts again. */

import { renew, useToken, whenLost } from '../api/access';
import { api, data, open } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Locale, Me, Org } from '../api/types';
import { language } from '../words/language.svelte';
import { restartOthers, startAgain, startLost } from './tabs';

type State =
  | { is: 'starting' }
  | { is: 'signed-out' }
  | { is: 'failed'; failure: Failure }
  /** Signed in, and to say in which of several orgs. */
  | { is: 'choosing'; me: Me; org: Org }
  | { is: 'signed-in'; me: Me; org: Org };

class Session {
  #state = $state<State>({ is: 'starting' });

  constructor() {
    whenLost(startLost);
  }

  get state(): State {
    return this.#state;
  }

  /** Whoever is signed in. */
  get me(): Me {
    return this.#signedIn().me;
  }

  get org(): Org {
    return this.#signedIn().org;
  }

  get plans(): boolean {
    return this.me.role !== 'tech';
  }

  /** Goes on with the session of this browser, if there is one. */
  async start(): Promise<void> {
    this.#state = { is: 'starting' };
    try {
      await renew();
      await this.#enter();
    } catch (error) {
      const failure = asFailure(error);
      const ended = failure instanceof Refused && failure.is('unauthenticated', 'not_a_member');
      this.#state = ended ? { is: 'signed-out' } : { is: 'failed', failure };
    }
  }

  async signIn(email: string, password: string): Promise<void> {
    useToken(data(await open.POST('/api/v1/auth/login', { body: { email, password } })));
    restartOthers();
    await this.#enter(true);
  }

  /** Goes on in one of the orgs of whoever has just signed in. */
  async choose(org_id: string): Promise<void> {
    if (this.#state.is !== 'choosing') return;
    if (org_id === this.#state.org.id) this.#state = { ...this.#state, is: 'signed-in' };
    else await this.switchTo(org_id);
  }

  /** Mails a link to set a password. Where no mail can be sent, a developer's server answers the link's token. */
  async resetPassword(email: string): Promise<string | null> {
    const answer = data(await open.POST('/api/v1/auth/reset/request', { body: { email } }));
    return answer.reset_token ?? null;
  }

  async switchTo(org_id: string): Promise<void> {
    data(await api.POST('/api/v1/auth/switch', { body: { org_id } }));
    restartOthers();
    startAgain();
  }

  async signOut(): Promise<void> {
    data(await open.POST('/api/v1/auth/logout'));
    restartOthers();
    startAgain();
  }

  /** The language of the application on this device, and of mails to the account. */
  async speak(locale: Locale): Promise<void> {
    language.choose(locale);
    if (this.#state.is !== 'signed-in') return;
    const me = data(await api.PATCH('/api/v1/auth/me', { body: { locale } }));
    this.#state = { ...this.#state, me };
  }

  async #enter(asks = false): Promise<void> {
    const answers = await Promise.all([api.GET('/api/v1/auth/me'), api.GET('/api/v1/orgs/current')]);
    const [me, org] = [data(answers[0]), data(answers[1])];
    const several = me.memberships.filter(({ pending }) => !pending).length > 1;
    this.#state = { is: asks && several ? 'choosing' : 'signed-in', me, org };
    language.suggest(me.locale);
  }

  #signedIn(): Extract<State, { is: 'signed-in' }> {
    if (this.#state.is !== 'signed-in') throw new Error('nobody is signed in');
    return this.#state;
  }
}

export const session = new Session();
