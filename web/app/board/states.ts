/** How the state of somebody on a mission looks and reads. */

import { plan } from '../plan/plan.svelte';
import type { PlanAssignment } from '../plan/snapshot';
import { relative } from '../time/format';
import { now } from '../time/now.svelte';
import { HOUR, instant } from '../time/zone';
import { isKept } from './kept';
import { words } from './words';

export interface Shown {
  /** Also the name of its style. `open` is who was not asked yet. */
  icon: 'asked' | 'open' | 'accepted' | 'confirm' | 'conflict' | 'kept';
  word: string;
  /** 0 when just asked, to 2 after two days: what nobody answers becomes conspicuous. */
  age: number;
}

/** How each state looks without a word; `pending` is what was sent and is not acknowledged. */
export const MARKS: Record<Shown['icon'] | 'pending', string> = {
  asked: '◔',
  open: '+',
  accepted: '✓',
  confirm: '!',
  conflict: '≠',
  kept: '≈',
  pending: '…',
};

/** Hours without an answer, from which a question is one step older. */
const AGES = [24, 48];

export function assignmentState(one: PlanAssignment): Shown {
  const w = words();
  if (one.pending) return { icon: 'asked', word: w.sending, age: 0 };
  if (one.clashes) {
    const kept = isKept(one, plan.snapshot?.ofUser(one.user.id) ?? []);
    return kept ? { icon: 'kept', word: w.kept, age: 0 } : { icon: 'conflict', word: w.clashes, age: 0 };
  }
  if (one.needsConfirmation) return { icon: 'confirm', word: w.toConfirm, age: 0 };
  if (one.status === 'ACCEPTED') return { icon: 'accepted', word: w.accepted, age: 0 };
  if (one.invitation === null) return { icon: 'open', word: w.neverAsked, age: 0 };
  const asked = instant(one.invitation.created_at);
  const hours = (now.at - asked) / HOUR;
  return { icon: 'asked', word: w.since(relative(asked, now.at)), age: AGES.filter((age) => hours >= age).length };
}
