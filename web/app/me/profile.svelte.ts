/** One's own profile, as it is and as it is being changed. */

import { api, data } from '../api/client';
import { type Failure, Refused, asFailure } from '../api/refused';
import type { Locale, UserProfile } from '../api/types';
import { session } from '../session/session.svelte';
import { Attempt } from './attempt.svelte';

export interface Skill {
  skill: string;
  /** From 1 to 5; 0 until it is chosen. */
  level: number;
}

export class Profile {
  #saved = $state.raw<UserProfile | null>(null);
  #tag = '*';
  name = $state('');
  skills = $state.raw<readonly Skill[]>([]);
  bio = $state('');
  /** A skill that is being written. */
  skill = $state('');
  /** The skill that was to be added though it is there, maybe in another spelling. */
  twice = $state<string | null>(null);
  failure = $state.raw<Failure | null>(null);
  /** Whether somebody else changed it while it was written here. */
  isChanged = $state(false);
  readonly saving = new Attempt();

  get loaded(): boolean {
    return this.#saved !== null;
  }

  /** Whether something is written that is not saved. */
  readonly isNew = $derived(this.#saved !== null && this.#isNew(this.#saved));

  /** What is written and not saved outlives the screen: it is not replaced, and saved on what it was written to. */
  async load(): Promise<void> {
    // What hides the form goes first: what is written has to be in sight to be saved.
    this.failure = null;
    if (this.isNew) return;
    this.twice = null;
    this.isChanged = this.saving.done = false;
    try {
      const path = { id: this.#id() };
      const [user, read] = await Promise.all([api.GET('/api/v1/users/{id}', { params: { path } }), this.#read()]);
      this.name = data(user).name;
      // Somebody may have begun to write to what was there before.
      if (this.isNew) return;
      this.#take(read);
      this.#write();
    } catch (error) {
      this.failure = asFailure(error);
    }
  }

  /** Adds the skill that is written. */
  add(): void {
    const skill = this.skill.trim();
    const same = this.skills.find((one) => one.skill.localeCompare(skill, undefined, { sensitivity: 'base' }) === 0);
    this.twice = same?.skill ?? null;
    if (skill !== '' && same === undefined) this.skills = [...this.skills, { skill, level: 0 }];
    this.skill = '';
  }

  rate({ skill }: Skill, level: number): void {
    this.skills = this.skills.map((one) => (one.skill === skill ? { skill, level } : one));
  }

  remove(skill: string): void {
    this.skills = this.skills.filter((one) => one.skill !== skill);
  }

  async save(): Promise<void> {
    await this.saving.make(async () => {
      this.isChanged = false;
      try {
        await this.#put({ skills: [...this.skills], bio: this.bio.trim() === '' ? null : this.bio.trim() });
        this.#write();
      } catch (error) {
        if (!(error instanceof Refused && error.is('precondition_failed'))) throw error;
        this.#take(await this.#read());
        this.isChanged = true;
      }
    });
  }

  /** The language of this device and of the account; and of mails, where the profile names another one. */
  async speak(locale: Locale): Promise<void> {
    await session.speak(locale);
    const { locale: mails } = this.#saved ?? { locale: null };
    if (mails !== null && mails !== locale) await this.#put({ locale });
  }

  #id(): string {
    return session.me.user_id ?? '';
  }

  #read() {
    return api.GET('/api/v1/users/{id}/profile', { params: { path: { id: this.#id() } } });
  }

  /** A profile is replaced whole: what is not set here goes back as it is. */
  async #put(change: { skills?: Skill[]; bio?: string | null; locale?: Locale }): Promise<void> {
    if (this.#saved === null) return;
    const { skill_levels, user_id: _, ...rest } = this.#saved;
    const skills = Object.entries(skill_levels).map(([skill, level]) => ({ skill, level }));
    const params = { path: { id: this.#id() }, header: { 'If-Match': this.#tag } };
    this.#take(await api.PUT('/api/v1/users/{id}/profile', { params, body: { ...rest, skills, ...change } }));
  }

  #take(answer: { data?: UserProfile; response: Response }): void {
    this.#saved = data(answer);
    this.#tag = answer.response.headers.get('etag') ?? '*';
  }

  #write(): void {
    if (this.#saved === null) return;
    this.skills = Object.entries(this.#saved.skill_levels).map(([skill, level]) => ({ skill, level }));
    this.bio = this.#saved.bio ?? '';
  }

  #isNew({ skill_levels, bio }: UserProfile): boolean {
    if (this.skill.trim() !== '') return true;
    const isSame = this.skills.every(({ skill, level }) => skill_levels[skill] === level);
    if (!isSame || this.skills.length !== Object.keys(skill_levels).length) return true;
    return this.bio.trim() !== (bio ?? '');
  }
}

/** One for as long as the page lives, which starts again for another account or org. */
export const profile = new Profile();
