/** What others make of a post while it is looked at. */

import type { Member, Post } from './posts';

export interface FilledMeanwhile {
  /** Whether all its places are accepted; else some are only asked for. */
  full: boolean;
  /** Who took the places. */
  names: string[];
}

/**
 * Whether a post that had places left has none any more, and by whom. Counted by who is on it and not by its own numbers, which
 * are read apart from the names.
 */
export function filledMeanwhile(before: Post, now: Post): FilledMeanwhile | null {
  const quota = now.role?.quota ?? null;
  if (quota === null || before.id !== now.id) return null;
  const accepted = ({ assignment }: Member): boolean => assignment.status === 'ACCEPTED';
  const of = (full: boolean): FilledMeanwhile | null => {
    const counted = (post: Post): Member[] => post.crew.filter((one) => !full || accepted(one));
    const known = new Set(counted(before).map(({ assignment }) => assignment.id));
    if (known.size >= quota || counted(now).length < quota) return null;
    const names = counted(now).filter(({ assignment }) => !known.has(assignment.id));
    return { full, names: names.map(({ assignment }) => assignment.user_name) };
  };
  return of(true) ?? of(false);
}
