/** The sections of the screen: which lists each needs, and its rows once these are there. */

import type { Failure } from '../api/refused';
import { session } from '../session/session.svelte';
import { longDay } from '../time/format';
import { now } from '../time/now.svelte';
import { type CalendarDate, startOf } from '../time/calendar';
import type { Instant } from '../time/zone';
import { acts } from './acts.svelte';
import { type Silence, losses, silences } from './answers';
import { offers } from './offers';
import { show } from './opening';
import { type OpenPost, openPosts, withoutPlanned } from './posts';
import type { Reading } from './reading.svelte';
import { type Deed, type Desk, type RowView, byId, doubledRow, lossRow, movedRow, offerRow, postRow, silenceRow } from './rows';
import { today } from './today.svelte';
import { words } from './words';

export type SectionName = 'open' | 'lost' | 'silent' | 'moved' | 'offers' | 'doubled';

export interface Section {
  name: SectionName;
  /** How many rows it has. */
  count: number;
  /** The first rows: in one group, or those of a day each. Only what is shown is written. */
  first: (most: number) => Group[];
  /** Whether the lists that it needs were answered. */
  settled: boolean;
  /** Why there is nothing to show. */
  failure: Failure | null;
  /** Something for all of its rows. */
  all: (Deed & { key: string }) | null;
}

export interface Group {
  day: string | null;
  rows: RowView[];
}

type Lists = readonly Reading<unknown>[];

/** Each part is worked out anew only when what it is made of changes. */
export class Sections {
  /** Missions that can be planned: those of archived projects take nobody any more. */
  readonly ahead = $derived.by(() => {
    const [missions, projects, planned] = [today.missions.value, today.projects.value, today.planned.value];
    if (missions === null || projects === null || planned === null) return [];
    const goOn = missions.filter(({ project_id }) => project_id === null || projects.has(project_id));
    return goOn.map((mission) => withoutPlanned(mission, planned));
  });

  readonly #missions = $derived(byId(this.ahead));
  readonly #desk: Desk = $derived({
    now: now.at,
    zone: session.org.timezone,
    open: show,
    missions: this.#missions,
    projects: today.projects.value,
    people: today.people.value,
  });
  readonly #posts = $derived(today.planned.value === null ? [] : openPosts(this.ahead, today.planned.value, now.at));
  readonly #losses = $derived(losses(today.activity.value ?? [], today.answers.value ?? [], this.#missions, now.at));
  readonly #silences = $derived(silences(today.silent.value ?? [], today.answers.value ?? [], this.#missions, now.at));
  readonly #offers = $derived(offers(today.offered.value ?? [], now.at));

  readonly #plan: Lists = [today.missions, today.projects, today.planned];
  /** Where phones cannot be read, rows do without. */
  readonly #calls: Lists = $derived(today.people.failure === null ? [today.people] : []);

  readonly all: readonly Section[] = $derived([
    this.#section('open', this.#plan, this.#posts, (posts) => byDay(this.#desk, posts)),
    this.#rows('lost', [today.activity, today.answers, ...this.#plan], this.#losses, (loss) => lossRow(this.#desk, loss)),
    this.#silent(),
    this.#rows('moved', [today.moved, ...this.#plan, ...this.#calls], today.moved.value ?? [], (one) =>
      movedRow(this.#desk, one, (key) => { acts.confirm(key, one); }),
    ),
    this.#rows('offers', [today.offered, today.people], this.#offers, (offer) => {
      const name = this.#desk.people?.get(offer.userId)?.name ?? words().someone;
      const approve = (key: string): void => { acts.approve(key, name, offer); };
      const reject = (key: string): void => { acts.reject(key, name, offer); };
      return offerRow(this.#desk, offer, { approve, reject });
    }),
    this.#rows('doubled', [today.clashes, ...this.#plan, ...this.#calls], today.clashes.value ?? [], (clash) =>
      doubledRow(this.#desk, clash),
    ),
  ]);

  /** With a reminder for all of them. */
  #silent(): Section {
    const needs = [today.silent, today.answers, ...this.#plan, ...this.#calls];
    const waits = ({ invitation }: Silence): Instant => acts.waits(invitation.id) ?? 0;
    const section = this.#rows('silent', needs, this.#silences, (one) =>
      silenceRow(this.#desk, one, waits(one), (key) => { acts.remind(key, one); }),
    );
    const ready = this.#silences.filter((one) => !one.full && waits(one) <= now.at);
    if (section.count === 0 || ready.length < 2) return section;
    const key = 'silence all';
    return { ...section, all: { key, word: words().remindAll(ready.length), act: () => { acts.remindAll(key, ready); } } };
  }

  #rows<T>(name: SectionName, needs: Lists, items: readonly T[], row: (item: T) => RowView): Section {
    return this.#section(name, needs, items, (shown) => (shown.length === 0 ? [] : [{ day: null, rows: shown.map(row) }]));
  }

  #section<T>(name: SectionName, needs: Lists, items: readonly T[], groups: (shown: readonly T[]) => Group[]): Section {
    const missing = needs.filter(({ value }) => value === null);
    const failure = missing.find((one) => one.failure !== null)?.failure ?? null;
    const there = missing.length === 0;
    return {
      name,
      count: there ? items.length : 0,
      first: (most) => (there ? groups(items.slice(0, most)) : []),
      settled: there || failure !== null,
      failure,
      all: null,
    };
  }
}

function byDay(desk: Desk, posts: readonly OpenPost[]): Group[] {
  const groups: Group[] = [];
  let day: CalendarDate | null = null;
  for (const post of posts) {
    if (day === null || day.compare(post.day) !== 0) {
      day = post.day;
      groups.push({ day: longDay(startOf(day, desk.zone), desk.zone), rows: [] });
    }
    groups.at(-1)?.rows.push(postRow(desk, post));
  }
  return groups;
}
