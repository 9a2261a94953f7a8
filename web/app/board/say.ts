/** Verdicts in words. */

import type { Snapshot } from '../plan/snapshot';
import { type Reason, type Verdict, isConflict } from '../plan/verdict';
import { when } from '../time/format';
import { words } from './words';

/** Why, without whom it is about: beside the person's name. */
export function say(reason: Reason): string {
  const w = words();
  switch (reason.code) {
    case 'taken': {
      const { mission, invitation } = reason.by;
      const { title, start, end, zone } = mission;
      const text = isConflict(reason) ? w.taken : invitation === null ? w.takenPlanned : w.takenMaybe;
      return text(title, when(start, end, zone));
    }
    case 'declined':
      return w.declined(reason.why);
    case 'unavailable':
      return w.unavailable;
    case 'skill_missing':
      return w.skillMissing(reason.role);
    case 'already_on':
      return w.alreadyOn;
    case 'full':
    case 'filled':
      return w.full(reason.role);
    case 'over':
      return w.over;
    case 'inactive':
      return w.inactive;
    case 'gone':
      return w.gone;
  }
}

/** All reasons, each once. */
export function sayAll(verdict: Verdict, snapshot: Snapshot): string {
  if (verdict.reasons.length === 0) return words().isFree;
  return [...new Set(verdict.reasons.map((reason) => named(reason, snapshot)))].join(' · ');
}

function named(reason: Reason, snapshot: Snapshot): string {
  const user = 'user' in reason ? snapshot.user(reason.user) : undefined;
  return user === undefined ? say(reason) : words().takenBy(user.name, say(reason));
}
