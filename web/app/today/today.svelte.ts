/** What asks something of a planner today: lists of the server, each read by itself and kept up to date while it is looked at. */

import { api, allPages } from '../api/client';
import type { ActivityEntry, Assignment, Availability, Conflict, Invitation, Mission, User } from '../api/types';
import { live } from '../live/live.svelte';
import { session } from '../session/session.svelte';
import { dayOf, startOf } from '../time/calendar';
import { DAY, MINUTE, timestamp } from '../time/zone';
import { byPost } from './posts';
import { Reading } from './reading.svelte';

/** Items of a page, and most of a list: a planner of more works on the board. */
const limit = 1000;
const MOST = 3000;
/** Days after which a no is forgotten. */
const NOES = 7;
/** Milliseconds between two readings because of changes by others. */
const PAUSE = 1_500;
/** Milliseconds after which silence may have become too long without any change. */
const AGES = 5 * MINUTE;
/** Milliseconds that names and phones are taken for known. */
const KNOWN = 10 * MINUTE;

const fromNow = (): string => timestamp(Date.now());

class Today {
  /** Names of the projects that go on, by id. */
  readonly projects = new Reading(async () => {
    const query = { status: ['ACTIVE' as const, 'DRAFT' as const], limit };
    const projects = await allPages((cursor) => api.GET('/api/v1/projects', page(query, cursor)), MOST);
    return new Map(projects.map(({ id, name }) => [id, name]));
  });

  /**
   * Missions ahead, by start: their open posts, and the zones of those that the other lists name. From the beginning of the
   * day, so that planners of an org ask the same, and get what the server keeps.
   */
  readonly missions = new Reading<Mission[]>(() => {
    const query = { status: ['open' as const], from: timestamp(startOf(this.day, session.org.timezone)), limit };
    return allPages((cursor) => api.GET('/api/v1/missions', page(query, cursor)), MOST);
  });

  /** Who is asked for missions ahead, and who said no. */
  readonly answers = new Reading<Assignment[]>(() => {
    const query = { status: ['INVITED' as const, 'DECLINED' as const], from: fromNow(), limit };
    return allPages((cursor) => api.GET('/api/v1/assignments', page(query, cursor)), MOST);
  });

  /** How many people of each post, by its id, were put there and never asked: the server counts them as invited. */
  readonly planned = new Reading<ReadonlyMap<string, number>>(async () => {
    const query = { never_asked: '1' as const, from: fromNow(), limit };
    return byPost(await allPages((cursor) => api.GET('/api/v1/assignments', page(query, cursor)), MOST));
  });

  readonly activity = new Reading<ActivityEntry[]>(() => {
    const query = { since: timestamp(Date.now() - NOES * DAY), limit };
    return allPages((cursor) => api.GET('/api/v1/activity', page(query, cursor)), MOST);
  });

  /** Invitations that nobody answered for a day, and those that have closed meanwhile: a reminder opens them again. */
  readonly silent = new Reading<Invitation[]>(async () => {
    const unanswered = { unanswered_hours: 24, limit };
    const expired = { status: ['expired' as const], limit };
    const lists = await Promise.all([
      allPages((cursor) => api.GET('/api/v1/invitations', page(unanswered, cursor)), MOST),
      // Newest first; those of missions that are over are no use.
      allPages((cursor) => api.GET('/api/v1/invitations', page(expired, cursor)), limit),
    ]);
    return lists.flat();
  });

  /** Who said yes to another time or place. */
  readonly moved = new Reading<Assignment[]>(() => {
    const query = { needs_confirmation: true, status: ['ACCEPTED' as const], from: fromNow(), limit };
    return allPages((cursor) => api.GET('/api/v1/assignments', page(query, cursor)), MOST);
  });

  readonly clashes = new Reading<Conflict[]>(() =>
    allPages((cursor) => api.GET('/api/v1/conflicts', page({ from: fromNow(), limit }, cursor)), MOST),
  );

  readonly offered = new Reading<Availability[]>(() => {
    const query = { status: ['PENDING' as const], from: fromNow(), limit };
    return allPages((cursor) => api.GET('/api/v1/availabilities', page(query, cursor)), MOST);
  });

  /** Names and phones, by id. */
  readonly people = new Reading<ReadonlyMap<string, User>>(async () => {
    this.#peopleAt = Date.now();
    const users = await allPages((cursor) => api.GET('/api/v1/users', page({ limit }, cursor)), MOST);
    return new Map(users.map((user) => [user.id, user]));
  });

  #peopleAt = 0;
  #readAt = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #changed = new Set<string>();

  /** The day that it is in the org. */
  get day(): ReturnType<typeof dayOf> {
    return dayOf(Date.now(), session.org.timezone);
  }

  get all(): readonly Reading<unknown>[] {
    const { missions, projects, planned, answers, activity, silent, moved, clashes, offered, people } = this;
    return [missions, projects, planned, answers, activity, silent, moved, clashes, offered, people];
  }

  /** Reads again what could not be read. */
  async retry(): Promise<void> {
    await Promise.all(this.all.filter(({ failure }) => failure !== null).map((one) => one.refresh()));
  }

  /** Reads all of it, side by side. */
  async refresh(): Promise<void> {
    this.#readAt = Date.now();
    const lists = this.all.filter((one) => one !== this.people || this.#peopleAreOld());
    await Promise.all(lists.map((one) => one.refresh()));
    if (this.#namesAreMissing()) await this.people.refresh();
  }

  /** Keeps it up to date until the answer is called. */
  watch(): () => void {
    const away = live.subscribe((lists) => {
      for (const list of lists) this.#changed.add(list);
      this.#soon();
    });
    const back = (): void => {
      if (!document.hidden) this.#soon();
    };
    document.addEventListener('visibilitychange', back);
    const ages = setInterval(() => {
      this.#changed.add('planning');
      this.#soon();
    }, AGES);
    return () => {
      away();
      document.removeEventListener('visibilitychange', back);
      clearInterval(ages);
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    };
  }

  /** Reads what has changed: at once, or in a moment if it was just read. Not while nobody looks. */
  #soon(): void {
    if (this.#timer !== null || this.#changed.size === 0 || document.hidden) return;
    const wait = Math.max(0, this.#readAt + PAUSE - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#readChanged();
    }, wait);
  }

  async #readChanged(): Promise<void> {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    if (changed.has('planning')) {
      await this.refresh();
      return;
    }
    this.#readAt = Date.now();
    const { missions, projects } = this;
    await Promise.all([changed.has('missions') && missions.refresh(), changed.has('projects') && projects.refresh()]);
  }

  #peopleAreOld(): boolean {
    return this.people.value === null || this.#peopleAt + KNOWN < Date.now();
  }

  #namesAreMissing(): boolean {
    const { value: people } = this.people;
    return people !== null && (this.offered.value ?? []).some(({ user_id }) => !people.has(user_id));
  }
}

/** The parameters of a page of a list. */
function page<Q extends object>(query: Q, cursor: string | undefined): { params: { query: Q & { cursor?: string } } } {
  return { params: { query: cursor === undefined ? query : { ...query, cursor } } };
}

export const today = new Today();

