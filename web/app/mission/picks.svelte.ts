/** Whom a planner has picked to ask, for which post: several people, at once. */

import type { Candidate, MissionRole } from '../api/types';
import type { Pick } from './asking';

/** Who was picked or left, to be read aloud: the keys 1 to 9 leave the focus where it is. */
interface Toggled {
  name: string;
  picked: boolean;
  /** How many were picked then. */
  count: number;
}

export class Picks {
  #all = $state.raw<readonly Pick[]>([]);
  #last = $state.raw<Toggled | null>(null);

  get all(): readonly Pick[] {
    return this.#all;
  }

  get last(): Toggled | null {
    return this.#last;
  }

  /** Whether somebody is picked for this post. */
  has(user: string, role: MissionRole | null): boolean {
    return this.#all.some((pick) => pick.user === user && pick.role?.id === role?.id);
  }

  /** Whoever is picked for another post is picked for this one instead: nobody has two on a mission. */
  toggle({ user_id: user, name }: Candidate, role: MissionRole | null): void {
    const rest = this.#all.filter((pick) => pick.user !== user);
    const picked = !this.has(user, role);
    this.#all = picked ? [...rest, { user, name, role }] : rest;
    this.#last = { name, picked, count: this.#all.length };
  }

  clear(): void {
    this.#all = [];
    this.#last = null;
  }

  /** Forgets those who cannot be asked any more. */
  without(users: readonly string[]): void {
    this.#all = this.#all.filter(({ user }) => !users.includes(user));
  }
}
