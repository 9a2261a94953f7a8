/** The mission that is open in the panel: what it is, who is on it, who could be, and what happened. One for each opening. */

import { type Failure, asFailure } from '../api/refused';
import type { ActivityEntry, Candidate, Candidates, MissionSeen, PlanningCommand } from '../api/types';
import { live } from '../live/live.svelte';
import { plan } from '../plan/plan.svelte';
import type { Holder } from '../plan/refusals';
import { collator } from '../time/format';
import { readActivity, readAssignments, readCandidates, readInvitations, readMission, readProject } from './answers';
import { type Facts, factsOf, planned } from './facts';
import { type Member, firstPost, isActive, membersOf, postsOf } from './posts';
import { besides, byUser } from './ranking';

/** Lists whose changes may be about the mission. */
const WATCHED = ['missions', 'planning'];

export class OpenMission {
  readonly id: string;
  #mission = $state.raw<MissionSeen | null>(null);
  #project = $state.raw<{ id: string; name: string } | null>(null);
  #members = $state.raw<Member[] | null>(null);
  #candidates = $state.raw<Candidates | null>(null);
  #activity = $state.raw<ActivityEntry[] | null>(null);
  #failure = $state.raw<Failure | null>(null);
  /** The post to look at: by the address, and by who looks. */
  #named = $state.raw<string | null>(null);
  #chosen = $state.raw<string | null>(null);
  #closed = false;
  #stale = false;
  #loading: Promise<void> | null = null;

  /** From the plan until its own answer is there. */
  readonly facts = $derived.by((): Facts | null => {
    if (this.#mission !== null) return factsOf(this.#mission, this.#project?.name ?? null);
    const known = plan.snapshot?.mission(this.id);
    return known === undefined ? null : planned(known);
  });
  readonly posts = $derived(postsOf(this.facts?.roles ?? [], this.#members ?? [], collator().compare));
  /** The post that is looked at. */
  readonly post = $derived(
    this.posts.find(({ id }) => id === this.#chosen) ??
      this.posts.find(({ role }) => role !== null && role.role_name === this.#named) ??
      firstPost(this.posts) ??
      null,
  );
  /** Whoever is asked or accepted, whatever their post. */
  readonly crew = $derived((this.#members ?? []).filter(isActive));
  /** Who could take the post and is not on the mission, best first; null while that is not known. */
  readonly candidates = $derived.by((): readonly Candidate[] | null => {
    const answer = this.#candidates;
    if (answer === null || answer.role_name !== this.#wanted) return null;
    return besides(answer.candidates, this.crew);
  });
  /** What else is known of people, those on the mission among them. */
  readonly people = $derived(byUser(this.#candidates?.candidates ?? []));

  /** `post` is the name of the one to look at first. */
  constructor(id: string, post: string | null) {
    this.id = id;
    this.#named = post;
  }

  /** Whether who is on it is known. */
  get complete(): boolean {
    return this.#members !== null;
  }

  /** Newest first; null until the first answer. */
  get activity(): ActivityEntry[] | null {
    return this.#activity;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** Reads it, and again whenever others change something, until the answer is called. What arrives later is dropped. */
  open(): () => void {
    const stop = live.subscribe((lists) => {
      if (lists.some((list) => WATCHED.includes(list))) void this.refresh();
    });
    void this.refresh();
    return () => {
      this.#closed = true;
      stop();
    };
  }

  /** Looks at another post. */
  choose(post: string): void {
    if (post === this.post?.id) return;
    this.#chosen = post;
    void this.#attempt(() => this.#readCandidates());
  }

  /** Looks at the post that the address names. */
  look(name: string | null): void {
    if (name === null || name === this.#named) return;
    this.#named = name;
    const post = this.posts.find(({ role }) => role?.role_name === name);
    if (post !== undefined) this.choose(post.id);
  }

  /** Reads all of it again. One reading at a time; a change during one leads to another. */
  async refresh(): Promise<void> {
    this.#stale = true;
    this.#loading ??= this.#read().finally(() => {
      this.#loading = null;
    });
    await this.#loading;
  }

  /** Who holds the places after a change was refused: it is read before it is told. */
  async holders(): Promise<(command: PlanningCommand) => Holder[] | null> {
    await this.refresh();
    if (this.#closed) return () => null;
    const crew = this.crew.map(({ assignment }) => ({
      assignment: assignment.id,
      user: assignment.user_id,
      name: assignment.user_name,
      role: assignment.role_name,
      accepted: assignment.status === 'ACCEPTED',
    }));
    return (command) => {
      if ('mission_id' in command) return command.mission_id === this.id ? crew : null;
      return 'assignment_id' in command && crew.some(({ assignment }) => assignment === command.assignment_id) ? crew : null;
    };
  }

  async #read(): Promise<void> {
    while (this.#stale && !this.#closed) {
      // Whatever asks for it again at the same moment is answered by one reading.
      if (this.complete) await new Promise((resume) => setTimeout(resume));
      this.#stale = false;
      await this.#attempt(async () => {
        const mission = this.#readMission();
        const others = [this.#readMembers(), this.#readCandidates(mission), this.#readActivity(), this.#readProject(mission)];
        await Promise.all([mission, ...others]);
        this.#failure = null;
      });
    }
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!this.#closed) this.#failure = asFailure(error);
    }
  }

  async #readMission(): Promise<void> {
    const mission = await readMission(this.id);
    if (!this.#closed) this.#mission = mission;
  }

  async #readProject(mission: Promise<void>): Promise<void> {
    await mission;
    const id = this.#mission?.project_id ?? null;
    if (id === null || id === this.#project?.id) return;
    const name = plan.snapshot?.projects.get(id) ?? (await readProject(id));
    if (!this.#closed) this.#project = { id, name };
  }

  async #readMembers(): Promise<void> {
    const assignments = await readAssignments(this.id);
    const invitations = await readInvitations(assignments);
    if (!this.#closed) this.#members = membersOf(assignments, invitations);
  }

  /** While the posts are not known, those for the one that the address names, or for the only one, are asked for. */
  async #readCandidates(mission?: Promise<void>): Promise<void> {
    const known = this.facts !== null;
    const early = readCandidates(this.id, known ? this.#wanted : this.#named);
    if (!known) await Promise.all([mission, early]);
    if (this.#closed) return;
    // What is looked at stays the same when its places are filled.
    this.#chosen ??= this.post?.id ?? null;
    const wanted = this.#wanted;
    let answer = await early;
    if (answer?.role_name !== wanted) answer = await readCandidates(this.id, wanted);
    // Of another post that was chosen meanwhile they are on their way.
    if (!this.#closed && wanted === this.#wanted) this.#candidates = answer;
  }

  /** The name of the post that is looked at. */
  get #wanted(): string | null {
    return this.post?.role?.role_name ?? null;
  }

  async #readActivity(): Promise<void> {
    const activity = await readActivity(this.id);
    if (!this.#closed) this.#activity = activity;
  }
}
