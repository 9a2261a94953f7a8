/** How the state of somebody on a mission looks and reads. */

import type { PlanAssignment } from '../plan/snapshot';
import { relative } from '../time/format';
import { now } from '../time/now.svelte';
import { HOUR, instant } from '../time/zone';
import { words } from './words';

export interface Shown {
  /** Also the name of its style. `open` is who was not asked yet. */
  icon: 'asked' | 'open' | 'accepted' | 'confirm' | 'conflict';
  word: string;
  /** 0 when just asked, to 3 after two days: what nobody answers fades in as a question. */
  age: number;
}

/** Hours without an answer, from which a question is one step older. */
const AGES = [4, 24, 48];

export function assignmentState(one: PlanAssignment): Shown {
  const w = words();
  if (one.pending) return { icon: 'asked', word: w.sending, age: 0 };
  if (one.clashes) return { icon: 'conflict', word: w.clashes, age: 0 };
  if (one.needsConfirmation) return { icon: 'confirm', word: w.toConfirm, age: 0 };
  if (one.status === 'ACCEPTED') return { icon: 'accepted', word: w.accepted, age: 0 };
  if (one.invitation === null) return { icon: 'open', word: w.neverAsked, age: 0 };
  const asked = instant(one.invitation.created_at);
  const hours = (now.at - asked) / HOUR;
  return { icon: 'asked', word: w.since(relative(asked, now.at)), age: AGES.filter((age) => hours >= age).length };
}
