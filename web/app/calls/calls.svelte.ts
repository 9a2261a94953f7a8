/**
 * One's own calls: read while a screen shows them, read again when something changes, and answered. Of an assignment the API
 * shows neither the zone nor the note of its mission, so the missions of the calls that are shown are read, too.
 */

import { type Failure, Refused, asFailure } from '../api/refused';
import type { Assignment, MissionRole, MissionSeen } from '../api/types';
import { live } from '../live/live.svelte';
import { now } from '../time/now.svelte';
import { DAY } from '../time/zone';
import { type Call, type Sections, type Seen, isFull, isOver, isSame, isStillShown, rivals, sections, seen, waits } from './facts';
import { type Intent, readAssignment, readAssignments, readMission, send } from './server';

/** How many calls are shown before somebody asks for more. */
const FIRST = 30;
const MORE = 20;
/** What was read longer ago is read again when the page is looked at again. */
const FRESH = 30_000;
/** How often the tag may have changed before an answer is given up. */
const TRIES = 3;

/** What became of an answer. */
export type Outcome =
  | { is: 'done' }
  /** Time, place or role are not what was shown: nothing was sent. */
  | { is: 'changed' }
  /** It was answered otherwise meanwhile: nothing was sent. */
  | { is: 'elsewhere' }
  /** The post was filled meanwhile. */
  | { is: 'full' }
  | { is: 'refused'; refused: Refused };

/** Refusals that say where a call stands, and not that something went wrong. */
const ABOUT_THE_CALL = [
  'schedule_conflict',
  'mission_over',
  'mission_cancelled',
  'project_archived',
  'user_inactive',
  'not_found',
  'invalid_transition',
  'already_assigned',
] as const;

class Calls {
  #assignments = $state.raw<ReadonlyMap<string, Assignment>>(new Map());
  #missions = $state.raw<ReadonlyMap<string, MissionSeen>>(new Map());
  /** Those that an answer was given to since this screen was opened. */
  #answered = $state.raw<ReadonlySet<string>>(new Set());
  /** What was shown first of each, until it is answered. */
  #shown = new Map<string, Seen>();
  /** In which order they wait on this screen: a new one comes last, whenever it begins, and takes nobody's place. */
  #places = new Map<string, number>();
  /** Reasons that were written and not sent yet. */
  readonly reasons = new Map<string, string>();
  #wanted = FIRST;
  #reading: Promise<void> | null = null;
  #stale = false;
  #readAt = 0;
  #loaded = $state(false);
  #failure = $state.raw<Failure | null>(null);

  /** Whether what is ahead has been read. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Why it could not be read when that was last tried. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** All that are known, by start. */
  readonly all = $derived(byStart(this.#assignments.values()));
  readonly sections: Sections = $derived.by(() => {
    const parts = sections(this.all, this.#answered, now.at, this.#missions);
    const place = ({ id }: Assignment): number => this.#places.get(id) ?? this.#places.size;
    parts.toAnswer.sort((one, other) => place(one) - place(other));
    return parts;
  });
  /** How many can be answered. */
  readonly waiting = $derived(this.sections.toAnswer.filter((one) => waits(one, now.at, this.#missions)).length);

  find(id: string): Assignment | undefined {
    return this.#assignments.get(id);
  }

  /** An assignment with what its mission says; null while that is not read. */
  call(assignment: Assignment): Call | null {
    const mission = this.#missions.get(assignment.mission_id);
    if (mission === undefined) return null;
    const before = this.#shown.get(assignment.id);
    return { assignment, mission, was: before === undefined || isSame(before, seen(assignment, mission)) ? null : before };
  }

  /** Others at the time of a call that wait for an answer, too. */
  rivals(assignment: Assignment): Assignment[] {
    return rivals(assignment, this.all, now.at, this.#missions);
  }

  /** Keeps the calls up to date until the answer is called: for a screen while it is mounted. */
  use(): () => void {
    void this.reload();
    const forget = live.subscribe((lists) => {
      if (lists.includes('missions')) void this.reload();
    });
    const wake = (): void => {
      const isOld = this.#failure !== null || Date.now() - this.#readAt > FRESH;
      if (document.visibilityState === 'visible' && isOld) void this.reload();
    };
    document.addEventListener('visibilitychange', wake);
    addEventListener('online', wake);
    return () => {
      forget();
      document.removeEventListener('visibilitychange', wake);
      removeEventListener('online', wake);
      this.#places.clear();
      this.#answered = new Set();
    };
  }

  /** Reads what is ahead. One reading at a time; a change during one leads to another. */
  async reload(): Promise<void> {
    this.#stale = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async more(): Promise<void> {
    this.#wanted += MORE;
    await this.reload();
  }

  /** Reads one call, also one that is long over, and its mission anew. */
  async open(id: string): Promise<void> {
    const { assignment } = await readAssignment(id);
    const mission = await readMission(assignment.mission_id);
    this.#missions = new Map([...this.#missions, [mission.id, mission]]);
    this.#put(assignment);
  }

  /**
   * Sends an answer to what was shown. The call is read first, and the answer sent on the condition that it is still that one
   * (`If-Match`): a yes is a yes to the time, place and role that the person saw.
   */
  async answer(shown: Assignment, intent: Intent): Promise<Outcome> {
    const wanted = intent.decision === 'decline' ? 'DECLINED' : 'ACCEPTED';
    this.#answered = new Set([...this.#answered, shown.id]);
    for (let tries = 1; ; tries += 1) {
      try {
        const { assignment, tag } = await readAssignment(shown.id);
        if (!isStillShown(shown, assignment)) return await this.#changed(assignment, 'changed');
        if (assignment.status === wanted && !assignment.needs_confirmation) return this.#done(shown, assignment);
        if (assignment.status !== shown.status) return await this.#changed(assignment, 'elsewhere');
        const status = await send(shown.id, intent, tag);
        return this.#done(shown, { ...assignment, status, needs_confirmation: false, decline_reason: intent.reason });
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        // Something else of it is new, such as when the person was last mailed: is it still that call?
        if (error.is('precondition_failed') && tries < TRIES) continue;
        if (error.is('quota_reached')) this.#count(shown, ({ quota }) => quota ?? 0);
        else if (!error.is(...ABOUT_THE_CALL)) throw error;
        void this.reload();
        if (error.is('quota_reached')) return { is: 'full' };
        return { is: 'refused', refused: error };
      }
    }
  }

  #done(before: Assignment, assignment: Assignment): Outcome {
    if (before.status === 'ACCEPTED' && assignment.status !== 'ACCEPTED') this.#count(assignment, ({ accepted }) => accepted - 1);
    this.#shown.delete(assignment.id);
    this.reasons.delete(assignment.id);
    this.#put(assignment);
    return { is: 'done' };
  }

  /** How many accepted a post, as an answer tells until its mission is read again. */
  #count({ mission_id, mission_role_id }: Assignment, accepted: (role: MissionRole) => number): void {
    const mission = this.#missions.get(mission_id);
    if (mission === undefined) return;
    const roles = mission.roles.map((role) => (role.id === mission_role_id ? { ...role, accepted: accepted(role) } : role));
    this.#missions = new Map([...this.#missions, [mission_id, { ...mission, roles }]]);
  }

  async #changed(assignment: Assignment, is: 'changed' | 'elsewhere'): Promise<Outcome> {
    await this.readMissions([assignment]);
    this.#put(assignment);
    return { is };
  }

  #put(assignment: Assignment): void {
    this.#assignments = new Map([...this.#assignments, [assignment.id, assignment]]);
    this.#remember(assignment);
  }

  async #read(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      try {
        await this.#readAhead();
        this.#failure = null;
      } catch (error) {
        this.#failure = asFailure(error);
      }
    }
  }

  async #readAhead(): Promise<void> {
    // With yesterday's, so that one that has just ended does not vanish.
    const from = Date.now() - DAY;
    const found = await readAssignments({ from });
    const { toAnswer, next, notComing } = sections(found, this.#answered, Date.now());
    await this.readMissions([...toAnswer, ...[...next, ...notComing].slice(0, this.#wanted)]);
    for (const { id } of toAnswer) if (!this.#places.has(id)) this.#places.set(id, this.#places.size);
    const older = [...this.#assignments.values()].filter((one) => isOver(one, from));
    for (const one of found) {
      const before = this.#assignments.get(one.id);
      const isAnswered = before?.status !== one.status || (before.needs_confirmation && !one.needs_confirmation);
      if (isAnswered) this.#shown.delete(one.id);
      this.#remember(one);
    }
    this.#assignments = new Map([...older, ...found].map((one) => [one.id, one]));
    this.#readAt = Date.now();
    this.#loaded = true;
  }

  /** Reads the missions that are not known, or not as they are now. */
  async readMissions(assignments: readonly Assignment[]): Promise<void> {
    const outdated = assignments.filter((one) => {
      const mission = this.#missions.get(one.mission_id);
      if (mission === undefined || mission.title !== one.mission_title) return true;
      // A place may be free again; and who is no longer on it may be so because all of it was called off.
      if (!isOver(one, now.at) && isFull(one, mission)) return true;
      if (one.status === 'CANCELLED' && this.#assignments.get(one.id)?.status !== one.status) return true;
      return mission.start_at !== one.start_at || mission.end_at !== one.end_at || mission.location !== one.location;
    });
    if (outdated.length === 0) return;
    const ids = [...new Set(outdated.map(({ mission_id }) => mission_id))];
    const missions = await Promise.all(ids.map(readMission));
    this.#missions = new Map([...this.#missions, ...missions.map((one) => [one.id, one] as const)]);
  }

  #remember(assignment: Assignment): void {
    const mission = this.#missions.get(assignment.mission_id);
    if (mission === undefined || this.#shown.has(assignment.id)) return;
    this.#shown.set(assignment.id, seen(assignment, mission));
  }
}

function byStart(assignments: Iterable<Assignment>): Assignment[] {
  return [...assignments].sort((one, other) => Date.parse(one.start_at) - Date.parse(other.start_at));
}

export const calls = new Calls();
