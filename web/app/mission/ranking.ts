/** How well a candidate fits, told from the reasons of the server, which has ranked them. */

import type { Candidate } from '../api/types';
import { hasWords } from '../words/fold';
import type { Member } from './posts';

export type Conflict = NonNullable<Candidate['reasons'][number]['conflict']>;

/** What is shown of a reason: how bad it is, and what it says. */
export type Mark =
  | { is: 'free' }
  | { is: 'warn'; code: 'unavailable' | 'skill_missing' | 'declined_before' }
  /** Asked elsewhere may still end in a no. */
  | { is: 'warn'; code: 'asked'; by: Conflict }
  | { is: 'taken'; by: Conflict };

export function marksOf(candidate: Candidate): Mark[] {
  const marks = candidate.reasons.flatMap(({ code, conflict }): Mark[] => {
    switch (code) {
      case 'taken':
        if (conflict === null) return [];
        return conflict.status === 'ACCEPTED' ? [{ is: 'taken', by: conflict }] : [{ is: 'warn', code: 'asked', by: conflict }];
      case 'unavailable':
      case 'skill_missing':
      case 'declined_before':
        return [{ is: 'warn', code }];
      case 'free':
      case 'skilled':
      case 'asked_already':
        return [];
    }
  });
  // What is in the way comes first; green is who has nothing against them.
  return marks.length === 0 ? [{ is: 'free' }] : marks.sort((one, other) => rank(one) - rank(other));
}

function rank({ is }: Mark): number {
  return is === 'taken' ? 0 : 1;
}

/** Whether nothing speaks against somebody. */
export function isFree(candidate: Candidate): boolean {
  return marksOf(candidate).every(({ is }) => is === 'free');
}

/** Whom a key asks, of those who can be asked: whoever's row has the focus, else the first, against whom nothing speaks. */
export function nextToAsk(candidates: readonly Candidate[], focused: string | null): Candidate | null {
  const free = candidates.filter(isFree);
  return free.find(({ user_id }) => user_id === focused) ?? free[0] ?? null;
}

/** Candidates but for those who are on the mission, as either answer says: these are listed with its posts. */
export function besides(candidates: readonly Candidate[], crew: readonly Member[]): Candidate[] {
  const on = new Set(crew.map(({ assignment }) => assignment.user_id));
  const active: readonly (string | undefined)[] = ['INVITED', 'ACCEPTED'];
  return candidates.filter(({ user_id, assignment }) => !on.has(user_id) && !active.includes(assignment?.status));
}

export function byUser(candidates: readonly Candidate[]): ReadonlyMap<string, Candidate> {
  return new Map(candidates.map((one) => [one.user_id, one]));
}

/** Those whose name has each word of the question, in any order. */
export function named<T extends { name: string }>(people: readonly T[], question: string): readonly T[] {
  return people.filter(({ name }) => hasWords(question, name));
}
