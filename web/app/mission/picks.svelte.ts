/** Whom a planner has picked to ask, for which post: several people, at once. */

import type { Candidate, MissionRole } from '../api/types';
import type { Pick } from './asking';

export class Picks {
  #all = $state.raw<readonly Pick[]>([]);

  get all(): readonly Pick[] {
    return this.#all;
  }

  /** Whether somebody is picked for this post. */
  has(user: string, role: MissionRole | null): boolean {
    return this.#all.some((pick) => pick.user === user && pick.role?.id === role?.id);
  }

  /** Whoever is picked for another post is picked for this one instead: nobody has two on a mission. */
  toggle({ user_id: user, name }: Candidate, role: MissionRole | null): void {
    const rest = this.#all.filter((pick) => pick.user !== user);
    this.#all = this.has(user, role) ? rest : [...rest, { user, name, role }];
  }

  clear(): void {
    this.#all = [];
  }

  /** Forgets those who cannot be asked any more. */
  without(users: readonly string[]): void {
    this.#all = this.#all.filter(({ user }) => !users.includes(user));
  }
}
