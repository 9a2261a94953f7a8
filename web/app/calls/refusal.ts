/** Why an answer was not taken, on the person's side. */

import type { Refused } from '../api/refused';
import type { words } from './words';

export function refusal(w: ReturnType<typeof words>, refused: Refused, who: string): { title: string; next: string } {
  switch (refused.problem.code) {
    case 'schedule_conflict':
      return { title: w.clash, next: w.clashNext(who) };
    case 'mission_over':
      return { title: w.over, next: w.ask(who) };
    case 'mission_cancelled':
      return { title: w.calledOff, next: w.ask(who) };
    case 'project_archived':
      return { title: w.archived, next: w.ask(who) };
    case 'user_inactive':
      return { title: w.inactive, next: w.ask(who) };
    default:
      return { title: w.withdrawn, next: w.ask(who) };
  }
}
