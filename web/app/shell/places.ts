/** Where going to something leads. */

import { href } from '../route/href';

/** A person's row on the board: of the period that is looked at, where `board` is the board's address. */
export function toPerson(name: string, board: URLSearchParams | null): string {
  const kept = (part: string): string | null => board?.get(part) ?? null;
  return href('/board', { by: 'person', from: kept('from'), days: kept('days'), q: name });
}
