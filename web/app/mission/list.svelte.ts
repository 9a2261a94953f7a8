/** The candidates as they are listed: those that the filter leaves, the first of them until more are asked for. */

import type { Candidate } from '../api/types';
import type { OpenMission } from './mission.svelte';
import { named } from './ranking';

/** How many are shown at first, and how many more each time. */
const STEP = 12;

/** Fewer are looked through faster than filtered. */
const FEW = 6;

export function hasFilter(mission: OpenMission): boolean {
  return (mission.candidates?.length ?? 0) > FEW;
}

export class List {
  /** Words of the name. */
  question = $state('');
  #most = $state(STEP);
  readonly #mission: OpenMission;

  constructor(mission: OpenMission) {
    this.#mission = mission;
  }

  get #matching(): readonly Candidate[] {
    return named(this.#mission.candidates ?? [], this.question);
  }

  get shown(): readonly Candidate[] {
    return this.#matching.slice(0, this.#most);
  }

  get hidden(): number {
    return this.#matching.length - this.shown.length;
  }

  /** Names on the mission that the filter asks for: they are not among the candidates. */
  get onIt(): readonly string[] {
    const crew = this.#mission.crew.map(({ assignment }) => ({ name: assignment.user_name }));
    return this.question.trim() === '' ? [] : named(crew, this.question).map(({ name }) => name);
  }

  more(): void {
    this.#most += STEP * 4;
  }

  /** Another post begins at the top. */
  again(): void {
    this.#most = STEP;
  }
}
