/** What of the plan the board shows, as the address says it. */

import type { PlanningUser } from '../api/types';
import { plan } from '../plan/plan.svelte';
import { type PlanMission, type Snapshot, openPlaces, overlap } from '../plan/snapshot';
import { hasSkill, isFree } from '../plan/verdict';
import { type Call, callsOf } from './calls';
import { route } from '../route/route.svelte';
import { session } from '../session/session.svelte';
import { hasWords } from '../words/fold';
import { type CalendarDate, dayOf, monday, readDay } from '../time/calendar';
import { type Row, byMission, byPerson } from './rows';
import { Scale } from './scale';

export type By = 'person' | 'mission';
/** Days. */
export const SPANS = [1, 7, 14] as const;
export type Span = (typeof SPANS)[number];
export type Status = 'open' | 'waiting' | 'clash';

class View {
  readonly by: By = $derived(route.query.get('by') === 'mission' ? 'mission' : 'person');
  readonly span: Span = $derived(SPANS.find((days) => String(days) === route.query.get('days')) ?? 7);
  // As a text, which stays the same while something else in the address changes: no scale is made anew for it.
  readonly #from: string | null = $derived(route.query.get('from'));
  readonly first: CalendarDate = $derived.by(() => {
    const day = readDay(this.#from) ?? dayOf(Date.now(), session.org.timezone);
    return this.span === 1 ? day : monday(day);
  });
  readonly scale: Scale = $derived(new Scale(this.first, this.span, session.org.timezone));
  readonly #period = $derived({ start: this.scale.from, end: this.scale.to });
  readonly q: string = $derived(route.query.get('q') ?? '');
  readonly project: string | null = $derived(route.query.get('project'));
  readonly skill: string | null = $derived(route.query.get('skill'));
  readonly tag: string | null = $derived(route.query.get('tag'));
  readonly free: boolean = $derived(route.query.get('free') === '1');
  readonly status: Status | null = $derived(
    (['open', 'waiting', 'clash'] as const).find((one) => one === route.query.get('status')) ?? null,
  );

  /** The people that the filters leave, by name. */
  readonly users: readonly PlanningUser[] = $derived.by(() => (plan.snapshot === null ? [] : this.#users(plan.snapshot)));
  /** The missions that the filters leave, by start. */
  readonly missions: readonly PlanMission[] = $derived.by(() => (plan.snapshot === null ? [] : this.#missions(plan.snapshot)));
  /** Those of them in the period that is shown. */
  readonly shown: readonly PlanMission[] = $derived(this.missions.filter((mission) => overlap(mission, this.#period)));
  /** Posts with places that nobody accepted: first those that somebody is still to be found or asked for. */
  readonly calls: readonly Call[] = $derived.by(() => {
    const { snapshot } = plan;
    if (snapshot === null) return [];
    const calls = this.shown.filter((mission) => this.#isMissionOfStatus(snapshot, mission)).flatMap((mission) => callsOf(snapshot, mission));
    const wanted = calls.filter(
      ({ role, asked, planned }) =>
        (this.skill === null || hasSkill([this.skill], role)) && (this.status !== 'waiting' || asked + planned > 0),
    );
    const waits = ({ open, asked }: Call): number => (asked >= open ? 1 : 0);
    return wanted.sort((one, other) => waits(one) - waits(other) || one.mission.start - other.mission.start);
  });

  readonly rows: readonly Row[] = $derived.by(() => {
    const { snapshot } = plan;
    if (snapshot === null) return [];
    return this.by === 'person' ? byPerson(snapshot, this.users, this.scale) : byMission(snapshot, this.missions, this.scale);
  });

  get filtered(): boolean {
    return this.q !== '' || this.free || [this.project, this.skill, this.tag, this.status].some((one) => one !== null);
  }

  clearFilters(): void {
    route.set({ q: null, project: null, skill: null, tag: null, free: null, status: null });
  }

  /** Shows another period, as many whole spans away. */
  turn(spans: number): void {
    route.set({ from: this.first.add({ days: spans * this.span }).toString() });
  }

  /** What the filters of people leave; words are looked for in names while rows are people. */
  #users(snapshot: Snapshot): PlanningUser[] {
    return snapshot.users.filter(
      (user) =>
        (this.by === 'mission' || hasWords(this.q, user.name)) &&
        (this.skill === null || Object.keys(user.skill_levels).includes(this.skill)) &&
        (this.tag === null || user.tags.includes(this.tag)) &&
        (!this.free || isFree(snapshot, user.id, this.#period)) &&
        (this.by === 'mission' || this.#isPersonOfStatus(snapshot, user.id)),
    );
  }

  #isPersonOfStatus(snapshot: Snapshot, user: string): boolean {
    const on = snapshot.ofUser(user).filter(({ mission }) => overlap(mission, this.#period));
    if (this.project !== null && !this.free && !on.some(({ mission }) => mission.projectId === this.project)) return false;
    if (this.status === 'waiting') return on.some(({ status, needsConfirmation }) => status === 'INVITED' || needsConfirmation);
    if (this.status === 'clash') return on.some(({ clashes }) => clashes);
    return true;
  }

  #missions(snapshot: Snapshot): PlanMission[] {
    return snapshot.missions.filter(
      (mission) =>
        (this.project === null || mission.projectId === this.project) &&
        (this.by === 'person' || hasWords(this.q, `${mission.title} ${mission.location ?? ''} ${mission.project ?? ''}`)) &&
        (this.by === 'person' || this.#isMissionOfStatus(snapshot, mission)),
    );
  }

  #isMissionOfStatus(snapshot: Snapshot, mission: PlanMission): boolean {
    if (this.status === 'open') return mission.roles.some((role) => openPlaces(role) > 0);
    const crew = snapshot.ofMission(mission.id);
    if (this.status === 'waiting') return crew.some(({ status, needsConfirmation }) => status === 'INVITED' || needsConfirmation);
    if (this.status === 'clash') return crew.some(({ clashes }) => clashes);
    return true;
  }
}

export const view = new View();
