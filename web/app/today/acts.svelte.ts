/** What planners do from a row: pending until the server acknowledged it, tried again under the same key where no answer came. */

import { SvelteMap } from 'svelte/reactivity';
import { api, data, newKey } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Assignment } from '../api/types';
import { commands } from '../plan/commands.svelte';
import { later } from '../plan/stamps';
import { HOUR, type Instant } from '../time/zone';
import { notices } from '../ui/notices.svelte';
import { reasonOf } from '../ui/refusals';
import type { Silence } from './answers';
import type { Offer } from './offers';
import { today } from './today.svelte';
import { words } from './words';

/** What is under way in a row, by the word for it, or why it did not come to be. */
export type Act = { is: 'doing'; word: string } | { is: 'failed'; failure: Failure; again: () => void };

/** Where links to hand over are shown. */
export const HAND_OVERS = 'hand-overs';

/** Gives each call of an intent a key, the same when it is tried again. */
type Keys = (call: string) => { header: { 'Idempotency-Key': string } };

/** A link that no mail takes to its person. */
export interface HandOver {
  id: string;
  name: string;
  url: string;
}

class Acts {
  readonly #rows = new SvelteMap<string, Act>();
  /** When somebody who was reminded within the hour can be reminded again, by invitation. */
  readonly #waits = new SvelteMap<string, Instant>();
  handOvers = $state.raw<readonly HandOver[]>([]);

  of(row: string): Act | undefined {
    return this.#rows.get(row);
  }

  waits(invitation: string): Instant | undefined {
    return this.#waits.get(invitation);
  }

  handedOver(id: string): void {
    this.handOvers = this.handOvers.filter((one) => one.id !== id);
  }

  remind(row: string, { invitation, assignment: { user_name: name } }: Silence): void {
    const { id } = invitation;
    void this.#do(row, name, words().reminding, async (keys) => {
      try {
        const params = { path: { id }, ...keys(id) };
        const { url } = data(await api.POST('/api/v1/invitations/{id}:remind', { params }));
        if (url === undefined) notices.tell('done', words().reminded(name));
        else this.#keep([{ id, name, url }]);
      } catch (error) {
        if (!(error instanceof Refused && error.is('reminded_recently'))) throw error;
        this.#waits.set(id, Date.now() + (error.retryAfter ?? HOUR / 1000) * 1000);
        notices.tell('warning', words().remindedRecently(name));
      }
    });
  }

  remindAll(row: string, all: readonly Silence[]): void {
    const names = new Map(all.map(({ invitation, assignment }) => [invitation.id, assignment.user_name]));
    const ids = [...names.keys()].slice(0, 1000);
    void this.#do(row, words().silent, words().reminding, async (keys) => {
      const params = keys('all');
      const { reminded, skipped } = data(await api.POST('/api/v1/invitations:remind', { params, body: { ids } }));
      this.#keep(reminded.flatMap(({ id, url }) => (url === undefined ? [] : [{ id, name: names.get(id) ?? '', url }])));
      const sent = reminded.filter(({ url }) => url === undefined).length;
      const why = (code: string): string => words().skippedFor[code] ?? words().skippedElse;
      const left = skipped.map(({ id, code }) => `${names.get(id) ?? ''} (${why(code)})`).join(', ');
      const detail = `${words().skipped(skipped.length)} ${left}.`;
      if (left !== '') notices.tell('warning', words().remindedMany(sent), { detail });
      else if (sent > 0) notices.tell('done', words().remindedMany(sent));
    });
  }

  /** Confirms for somebody, unless the mission has moved again since the row was shown: that is not what they agreed to. */
  confirm(row: string, seen: Assignment): void {
    const { id, user_name: name } = seen;
    void this.#do(row, name, words().confirming, async () => {
      const answers = await Promise.all([
        api.GET('/api/v1/assignments/{id}', { params: { path: { id } } }),
        api.GET('/api/v1/missions/{id}', { params: { path: { id: seen.mission_id } } }),
      ]);
      const [now, mission] = [data(answers[0]), data(answers[1])];
      if (!sameCall(seen, now)) {
        notices.tell('warning', words().movedAgain(name), { detail: words().movedAgainNext });
        return;
      }
      const command = { type: 'confirm', assignment_id: id, if_unchanged: later(now.updated_at, mission.updated_at) } as const;
      await commands.apply({ commands: [command], told: words().confirmed(name) });
    });
  }

  approve(row: string, name: string, offer: Offer): void {
    void this.#do(row, name, words().approving, async (keys) => {
      await each(offer, (id) => {
        const params = { path: { id }, ...keys(id) };
        return api.POST('/api/v1/availabilities/{id}:approve', { params, body: {} });
      });
      // No change of the plan, so it is not what undo takes back: the opposite does.
      const reject = (): void => { this.reject(row, name, offer); };
      notices.tell('done', words().approved(name), { action: { text: words().reject, act: reject } });
    });
  }

  reject(row: string, name: string, offer: Offer): void {
    void this.#do(row, name, words().rejecting, async (keys) => {
      await each(offer, (id) => {
        const params = { path: { id }, ...keys(id) };
        return api.POST('/api/v1/availabilities/{id}:reject', { params, body: {} });
      });
      const approve = (): void => { this.approve(row, name, offer); };
      notices.tell('done', words().rejected(name), { action: { text: words().approve, act: approve } });
    });
  }

  /** One intent: the row says so until the lists show what came of it. */
  async #do(row: string, name: string, word: string, act: (keys: Keys) => Promise<void>): Promise<void> {
    if (this.#rows.get(row)?.is === 'doing') return;
    const known: Record<string, string> = {};
    const keys: Keys = (call) => ({ header: { 'Idempotency-Key': (known[call] ??= newKey()) } });
    const attempt = async (): Promise<void> => {
      this.#rows.set(row, { is: 'doing', word });
      try {
        await act(keys);
      } catch (error) {
        const failure = asFailure(error);
        if (!(failure instanceof Refused) || failure.problem.status >= 500) {
          // The same may succeed later: no answer came, or the server could not.
          this.#rows.set(row, { is: 'failed', failure, again: () => void attempt() });
          return;
        }
        // The row may go, so it is said elsewhere.
        const detail = `${reasonOf(failure.problem)} ${words().reference(failure.problem.request_id)}`;
        notices.tell('refused', words().notDone(name), { detail });
      }
      await today.refresh();
      this.#rows.delete(row);
    };
    await attempt();
  }

  #keep(links: readonly HandOver[]): void {
    if (links.length === 0) return;
    const show = (): void => { document.getElementById(HAND_OVERS)?.focus(); };
    notices.tell('warning', words().noMail(links.map(({ name }) => name)), { action: { text: words().showLinks, act: show } });
    this.handOvers = [...this.handOvers.filter(({ id }) => !links.some((one) => one.id === id)), ...links];
  }
}

function sameCall(one: Assignment, other: Assignment): boolean {
  return one.start_at === other.start_at && one.end_at === other.end_at && one.location === other.location;
}

/** One after the other: they are one person's, and the server takes a turn for each. */
async function each(offer: Offer, act: (id: string) => Promise<unknown>): Promise<void> {
  for (const { id } of offer.periods) await act(id);
}

export const acts = new Acts();
