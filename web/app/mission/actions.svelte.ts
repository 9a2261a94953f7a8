/**
 * What a planner does in the panel. Changes of the plan go through `plan/commands`; reminding is a call of its own.
 */

import { api, data, newKey } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Candidate, MissionRole, PlanningCommand } from '../api/types';
import { commands } from '../plan/commands.svelte';
import { lineOf } from '../plan/conflicts';
import { plan } from '../plan/plan.svelte';
import { later } from '../plan/stamps';
import { openPlaces } from '../plan/snapshot';
import { words as changeWords } from '../plan/words';
import { now } from '../time/now.svelte';
import { notices } from '../ui/notices.svelte';
import { failureText } from '../ui/refusals';
import { type Pick, accept, ask, fullPost } from './asking';
import { keepLink } from '../plan/links.svelte';
import type { OpenMission } from './mission.svelte';
import { Picks } from './picks.svelte';
import type { Member } from './posts';
import { marksOf, nextToAsk } from './ranking';
import { words } from './words';

/** A call of its own that has no answer yet, or none that counts. */
interface Attempt {
  /** Whom it is about. */
  assignment: string;
  failure: Failure | null;
  /** Sends it again under its key. */
  again: () => void;
}

export class Actions {
  readonly picks = new Picks();
  /** Whoever is to be replaced by the next candidate who is chosen. */
  replacing = $state.raw<Member | null>(null);
  /** Whose row is open. */
  selected = $state.raw<string | null>(null);
  /** Whose row among the candidates has the focus. */
  focused = $state.raw<string | null>(null);
  /** Of whom it is asked whether they are really to be taken off. */
  removing = $state.raw<string | null>(null);
  readonly #mission: OpenMission;
  /** The candidates that are seen: nobody else is asked. */
  readonly #shown: () => readonly Candidate[];
  /** Who would be asked for a post that is full, which has been said: asked again, they are. */
  #warned = '';
  #sent = $state.raw<readonly PlanningCommand[]>([]);
  #attempts = $state.raw<readonly Attempt[]>([]);

  constructor(mission: OpenMission, shown: () => readonly Candidate[]) {
    this.#mission = mission;
    this.#shown = shown;
  }

  /** Whether anybody can be asked here: nobody is asked for what is over or called off. */
  get asks(): boolean {
    const { facts } = this.#mission;
    return facts !== null && !facts.cancelled && facts.end > now.at;
  }

  /** Whether something about a candidate was sent and is not acknowledged yet. */
  isSendingUser(user: string): boolean {
    return this.#sent.some((command) => 'user_id' in command && command.user_id === user);
  }

  /** The same of somebody on the mission. */
  isSending({ assignment }: Member): boolean {
    const isSent = this.#sent.some(
      (command) =>
        ('assignment_id' in command && command.assignment_id === assignment.id) ||
        ('assignment_ids' in command && command.assignment_ids.includes(assignment.id)),
    );
    return isSent || this.#attempts.some((one) => one.assignment === assignment.id && one.failure === null);
  }

  /** What failed about somebody, with a way to try again. */
  failed({ assignment }: Member): { failure: Failure; again: () => void } | null {
    const found = this.#attempts.find((one) => one.assignment === assignment.id);
    return found?.failure ? { failure: found.failure, again: found.again } : null;
  }

  /** Asks a candidate for the post that is looked at, or instead of whoever is replaced. */
  ask(candidate: Candidate): void {
    const { replacing } = this;
    if (this.isSendingUser(candidate.user_id)) return;
    if (replacing === null) void this.#ask([this.#pick(candidate)]);
    else void this.#replace(replacing, candidate);
  }

  /** Asks all who are picked; else those who are planned and were never asked; else the first who is free, while the post has places that nobody is asked for. */
  askPicked(): void {
    if (!this.asks) return;
    if (this.picks.all.length > 0) {
      void this.#ask(this.picks.all);
      return;
    }
    const planned = this.#mission.post?.crew.filter(({ assignment, invitation }) => assignment.status === 'INVITED' && invitation === null) ?? [];
    const free = this.suggested;
    // Whoever goes to somebody in the list means them.
    const isMeant = free !== null && free.user_id === this.focused;
    if (this.replacing === null && planned.length > 0 && !isMeant) this.invite(planned);
    else if (free !== null) this.ask(free);
    else {
      const all = this.#shown().length === (this.#mission.candidates ?? []).length;
      const text = !this.#needed ? words().nobodyNeeded : all ? words().nobodyFree : words().nobodyShownFree;
      notices.tell('warning', text, { about: text });
    }
  }

  /** The first candidate that is seen against whom nothing speaks; null where nobody is needed. */
  get suggested(): Candidate | null {
    if (!this.#needed) return null;
    return nextToAsk(this.#shown().filter(({ user_id }) => !this.isSendingUser(user_id)), this.focused);
  }

  /** A place is needed, too, for whoever is asked at this moment. */
  get #needed(): boolean {
    const role: MissionRole | null = this.#mission.post?.role ?? null;
    if (this.replacing !== null || role === null || role.quota === null) return true;
    const sending = this.#sent.filter(({ type }) => type === 'assign').length;
    return role.quota - role.accepted - role.invited - sending > 0;
  }

  /** Notes that a candidate said yes. */
  accept(candidate: Candidate): void {
    const pick = this.#pick(candidate);
    void this.#apply(accept(this.#mission.id, pick), words().told.accept(candidate.name, this.#title));
  }

  /** Asks those who are planned and were never asked. */
  invite(members: readonly Member[]): void {
    const people = members.map(({ assignment }) => ({ user: assignment.user_id, name: assignment.user_name }));
    const full = this.#roles.find((role) => role.quota !== null && openPlaces(role) === 0 && members.some(({ assignment }) => assignment.mission_role_id === role.id));
    if (this.#isWarnedOf(full ?? null, people)) return;
    const told = this.#toldAsk(people.map(({ name }) => name));
    void this.#apply([{ type: 'invite', assignment_ids: members.map(({ assignment }) => assignment.id) }], told);
  }

  /** Notes what somebody who was asked has said. */
  noteAnswer(member: Member, status: 'ACCEPTED' | 'DECLINED'): void {
    const { id, user_name } = member.assignment;
    const { accept, decline } = words().told;
    const command = { type: 'set_status', assignment_id: id, status, ...this.#unchanged(member) } as const;
    void this.#apply([command], (status === 'ACCEPTED' ? accept : decline)(user_name, this.#title));
  }

  /** Takes somebody off; whoever knows of it is told, so that is asked once. */
  remove(member: Member): void {
    const { id, user_name } = member.assignment;
    const knows = member.assignment.status === 'ACCEPTED' || member.invitation !== null;
    if (knows && this.removing !== id) {
      this.selected = id;
      this.removing = id;
      return;
    }
    this.removing = null;
    const command = { type: 'remove', assignment_id: id, ...this.#unchanged(member) } as const;
    void this.#apply([command], words().told.remove(user_name, this.#title));
  }

  remind(member: Member): void {
    const { assignment, invitation } = member;
    if (invitation === null) return;
    this.#call(assignment.id, async (header) => {
      const params = { header, path: { id: invitation.id } };
      const sent = data(await api.POST('/api/v1/invitations/{id}:remind', { params }));
      keepLink({ assignment: assignment.id, delivery: sent.delivery, url: sent.url });
      const { remind, remindLink } = words().told;
      return (sent.delivery === 'none' ? remindLink : remind)(assignment.user_name);
    });
  }

  /** Notes that somebody agrees to the new time or place. */
  confirm(member: Member): void {
    const { id, user_name } = member.assignment;
    // They agree to what was seen, whether the plan knows it or not.
    const { facts } = this.#mission;
    const if_unchanged = facts === null ? member.assignment.updated_at : later(member.assignment.updated_at, facts.updatedAt);
    const command = { type: 'confirm', assignment_id: id, if_unchanged } as const;
    void this.#apply([command], words().told.confirm(user_name));
  }

  get #title(): string {
    return this.#mission.facts?.title ?? '';
  }

  #pick({ user_id: user, name }: Candidate): Pick {
    return { user, name, role: this.#mission.post?.role ?? null };
  }

  async #ask(picks: readonly Pick[]): Promise<void> {
    if (this.#isWarnedOf(fullPost(picks, this.#roles), picks)) return;
    const told = this.#toldAsk(picks.map(({ name }) => name));
    const done = await this.#apply(ask(this.#mission.id, picks), told);
    // Who was picked and refused stays picked.
    if (done) this.picks.without(picks.map(({ user }) => user));
  }

  get #roles(): readonly MissionRole[] {
    return this.#mission.facts?.roles ?? [];
  }

  /** A post may have been filled since somebody was picked for it: that is said before anybody is asked in vain. */
  #isWarnedOf(full: MissionRole | null, people: readonly { user: string; name: string }[]): boolean {
    const asked = people.map(({ user }) => user).join();
    const isSaid = this.#warned === asked;
    this.#warned = full === null || isSaid ? '' : asked;
    if (full === null || isSaid) return false;
    const names = people.map(({ name }) => name).join(', ');
    notices.tell('warning', words().isFull(full), { detail: words().askAgain(names), about: full.id });
    return true;
  }

  #toldAsk(names: readonly string[]): string {
    const { told } = words();
    return names.length === 1 ? told.ask(names.join(), this.#title) : told.askMany(names.length, this.#title);
  }

  async #replace(member: Member, candidate: Candidate): Promise<void> {
    const { id: assignment_id, user_name } = member.assignment;
    const { user_id, name } = candidate;
    const unchanged = this.#unchanged(member);
    // Who is taken is put there for a reason, which only an assignment of its own can have.
    const isTaken = marksOf(candidate).some(({ is }) => is === 'taken');
    const sent: PlanningCommand[] = isTaken
      ? [{ type: 'remove', assignment_id, ...unchanged }, ...ask(this.#mission.id, [this.#pick(candidate)])]
      : [{ type: 'reassign', assignment_id, user_id, invite: true, ...unchanged }];
    const done = await this.#apply(sent, words().told.replace(user_name, name, this.#title));
    if (done && this.replacing?.assignment.id === assignment_id) this.replacing = null;
  }

  /** For `if_unchanged`: when somebody else came between, both versions are shown, which only the plan can. */
  #unchanged({ assignment }: Member): { if_unchanged?: string } {
    const known = plan.snapshot?.assignment(assignment.id) !== undefined;
    const { facts } = this.#mission;
    return known && facts !== null ? { if_unchanged: later(assignment.updated_at, facts.updatedAt) } : {};
  }

  /** Shown as sent until the answer is there, and what came of it has been read. Who is taken is planned for a reason, or not. */
  async #apply(sent: PlanningCommand[], told: string): Promise<boolean> {
    const taken = sent.flatMap((command, index) => this.#takenBy(command).map((by) => ({ index, ...by })));
    if (taken.length > 0) {
      const unique = (all: string[]): string[] => all.filter((one, index) => all.indexOf(one) === index);
      const names = unique(taken.map(({ name }) => name)).join(', ');
      const change = { commands: sent, told: changeWords().plannedAllTheSame(names, this.#title) };
      const clashing = taken.map(({ index }) => index);
      commands.ask({ is: 'override', change, lines: taken.map(({ line }) => line), clashing });
      return false;
    }
    this.#sent = [...this.#sent, ...sent];
    try {
      const applied = await commands.apply({ commands: sent, told });
      await this.#mission.refresh();
      return applied !== null;
    } finally {
      this.#sent = this.#sent.filter((command) => !sent.includes(command));
    }
  }

  /** What whoever a command puts on the mission has accepted at that time, each in a line. */
  #takenBy(command: PlanningCommand): { name: string; line: string }[] {
    if (command.type !== 'assign' && command.type !== 'reassign') return [];
    const candidate = this.#mission.candidates?.find(({ user_id }) => user_id === command.user_id);
    if (candidate === undefined) return [];
    const { name } = candidate;
    return marksOf(candidate).flatMap((mark) => (mark.is === 'taken' ? [{ name, line: lineOf(name, mark.by) }] : []));
  }

  /** A call about somebody, under one key until it is answered. `act` says what to tell. */
  #call(assignment: string, act: (header: { 'Idempotency-Key': string }) => Promise<string>): void {
    const header = { 'Idempotency-Key': newKey() };
    const again = async (): Promise<void> => {
      this.#put({ assignment, failure: null, again: () => void again() });
      try {
        notices.tell('done', await act(header));
        await this.#mission.refresh();
        this.#put(null, assignment);
      } catch (error) {
        const failure = asFailure(error);
        await this.#mission.refresh();
        // What the server will refuse again is told; what may go better is offered again.
        const final = failure instanceof Refused && failure.problem.status < 500;
        if (final) notices.tell('refused', failureText(failure));
        this.#put(final ? null : { assignment, failure, again: () => void again() }, assignment);
      }
    };
    void again();
  }

  #put(attempt: Attempt | null, assignment = attempt?.assignment): void {
    const others = this.#attempts.filter((one) => one.assignment !== assignment);
    this.#attempts = attempt === null ? others : [...others, attempt];
  }
}
