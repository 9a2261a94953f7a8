/** What is being carried at present, whichever way it was picked up. */

import { type Change, commands } from '../plan/commands.svelte';
import { isDraft } from '../plan/drafts';
import { plan } from '../plan/plan.svelte';
import type { Snapshot } from '../plan/snapshot';
import { type Verdict, judge } from '../plan/verdict';
import { now } from '../time/now.svelte';
import { notices } from '../ui/notices.svelte';
import { words as refusal } from '../plan/words';
import { type Aim, type Lift, changeOf, settled } from './lift';
import { sayAll } from './say';

/** By which means: a drag follows the pointer until it is let go, the others until a click or Enter. */
export type Means = 'drag' | 'click' | 'keyboard';

interface Carried {
  lift: Lift;
  means: Means;
  /** The plan as it was when this was picked up. */
  seen: Snapshot;
}

class Lifting {
  #carried = $state.raw<Carried | null>(null);
  #aim = $state.raw<Aim>({ row: null, shift: 0 });
  copy = $state(false);
  /** Whether what was carried last was put back, until something else is carried or selected. */
  isBack = $state(false);

  /** What a drop would do now. */
  readonly change: Change | null = $derived.by(() => {
    return this.#changeAt(this.#aim);
  });

  readonly verdict: Verdict | null = $derived(
    this.change === null || plan.snapshot === null ? null : judge(plan.snapshot, this.change.commands, now.at),
  );

  get lift(): Lift | null {
    return this.#carried?.lift ?? null;
  }

  get means(): Means | null {
    return this.#carried?.means ?? null;
  }

  /** The plan as it was when it was picked up: what others change meanwhile does not move it. */
  get seen(): Snapshot | null {
    return this.#carried?.seen ?? null;
  }

  get aim(): Aim {
    return this.#aim;
  }

  pickUp(lift: Lift, means: Means, copy = false): void {
    // What was only sent has no name yet, and gets one while it would be carried.
    const carried = 'ids' in lift ? lift.ids : 'mission' in lift ? [lift.mission] : [];
    if (plan.snapshot === null || carried.some(isDraft)) return;
    const home = 'home' in lift ? lift.home : null;
    this.isBack = false;
    this.#carried = { lift, means, seen: plan.snapshot };
    this.#aim = { row: home, shift: 0 };
    this.copy = copy;
  }

  aimAt(wanted: Aim): void {
    const aim = this.lift === null ? wanted : settled(this.lift, wanted);
    if (aim.row !== this.#aim.row || aim.shift !== this.#aim.shift) this.#aim = aim;
  }

  /** How a drop on another row would be judged. */
  judgeRow(row: string): Verdict | null {
    const { snapshot } = plan;
    const change = this.#changeAt({ row, shift: 0 });
    return change === null || snapshot === null ? null : judge(snapshot, change.commands, now.at);
  }

  cancel(): void {
    this.#carried = null;
    this.copy = false;
  }

  /** Cancels it because somebody wanted that: it is said. */
  putBack(): void {
    this.cancel();
    this.isBack = true;
  }

  /** Proposes the change. What cannot be is only said. */
  drop(): void {
    const { change, verdict, seen } = this;
    const { snapshot } = plan;
    this.cancel();
    if (change === null || verdict === null || snapshot === null || seen === null) return;
    if (verdict.level !== 'refused' || verdict.overridable) void commands.propose({ ...change, seen });
    else notices.tell('refused', refusal().refused(change.told), { detail: sayAll(verdict, snapshot) });
  }

  #changeAt(aim: Aim): Change | null {
    const { snapshot } = plan;
    if (snapshot === null || this.#carried === null) return null;
    const { lift, seen } = this.#carried;
    return changeOf(snapshot, lift, aim, this.copy, seen);
  }
}

export const lifting = new Lifting();
