/** Finds missions ahead and people by a few letters, as the API's `q` does. */

import { api, data } from '../api/client';
import { asFailure } from '../api/refused';
import type { Mission, User } from '../api/types';
import { type CalendarDate, dayOf, startOf } from '../time/calendar';
import { format } from '../time/format';
import { timestamp } from '../time/zone';
import { hasWords } from '../words/fold';
import { language } from '../words/language.svelte';
import { typedDay } from './dates';

/** Milliseconds after the last letter. */
const PAUSE = 150;
const MOST = 8;

class Finder {
  wanted = $state('');
  missions = $state.raw<Mission[]>([]);
  users = $state.raw<User[]>([]);
  /** Whether more may be found. */
  searching = $state(false);
  #zone = 'UTC';
  #timer: ReturnType<typeof setTimeout> | undefined;

  begin(zone: string): void {
    this.#zone = zone;
    this.find('');
  }

  /** Whether a screen's name has what was typed. */
  fits(text: string): boolean {
    return hasWords(this.wanted, text);
  }

  /** The day that was typed, if it was one. */
  get day(): CalendarDate | null {
    const names = format('month', 'UTC', { month: 'long' });
    const months = Array.from({ length: 12 }, (_, month) => names.format(Date.UTC(2000, month)));
    return typedDay(this.wanted, dayOf(Date.now(), this.#zone), { months, monthFirst: language.current === 'en-US' });
  }

  find(wanted: string): void {
    this.wanted = wanted;
    clearTimeout(this.#timer);
    this.searching = wanted.trim() !== '';
    if (!this.searching) {
      this.missions = [];
      this.users = [];
      return;
    }
    this.#timer = setTimeout(() => void this.#ask(wanted), PAUSE);
  }

  async #ask(q: string): Promise<void> {
    const from = timestamp(startOf(dayOf(Date.now(), this.#zone), this.#zone));
    try {
      const [missions, users] = await Promise.all([
        api.GET('/api/v1/missions', { params: { query: { q, from, limit: MOST } } }),
        api.GET('/api/v1/users', { params: { query: { q, limit: MOST } } }),
      ]);
      if (q !== this.wanted) return;
      this.missions = data(missions);
      this.users = data(users);
    } catch (error) {
      // Nothing is found while the server does not answer; the shell says so.
      asFailure(error);
    }
    if (q === this.wanted) this.searching = false;
  }
}

export const finder = new Finder();
