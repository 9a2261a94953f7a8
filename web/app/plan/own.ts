/** What one's own changes made: a change of something that was only sent is carried out on what the answers say it is. */

import type { PlanningApplied, PlanningCommand, PlanningUndone } from '../api/types';
import { type Batch, draftId, isDraft } from './drafts';

export class Own {
  /** The server's names, by those of the drafts. */
  readonly #ids = new Map<string, string>();
  /** By what was changed and the stamp it had, the stamp that one's own change left. */
  readonly #left = new Map<string, string>();
  /** The stamp that one's own last change of something left. */
  readonly #last = new Map<string, string>();

  /** `sent` are the commands of the batch as they went out. */
  learn({ number }: Batch, sent: readonly PlanningCommand[], results: PlanningApplied['results']): void {
    results.forEach(({ assignments, missions }, index) => {
      const command = sent[index];
      // Of somebody who is replaced the answer has the one who goes, too.
      const made = command?.type === 'reassign' ? assignments.slice(-1) : [...assignments, ...missions];
      made.forEach(({ id, updated_at }, n) => {
        this.#ids.set(draftId(number, index, n), id);
        const seen = command?.if_unchanged ?? null;
        if (seen !== null && idOf(command) === id) this.#left.set(`${id} ${seen}`, updated_at);
      });
      for (const { id, updated_at } of [...assignments, ...missions]) this.#last.set(id, updated_at);
    });
  }

  /** An undo, or one of an undo: the server carries it out only where all is as one's own last change left it. */
  unlearn({ assignments, missions }: Pick<PlanningUndone, 'assignments' | 'missions'>): void {
    for (const { id, updated_at } of [...assignments, ...missions]) {
      const left = this.#last.get(id);
      if (left !== undefined) this.#left.set(`${id} ${left}`, updated_at);
      this.#last.set(id, updated_at);
    }
  }

  /** What the server calls a draft, once it has said so; the same name for everything else. */
  nameOf(id: string): string {
    return this.#ids.get(id) ?? id;
  }

  /** The same about what drafts have become. */
  named(command: PlanningCommand): PlanningCommand {
    const id = (of: string): string => this.nameOf(of);
    switch (command.type) {
      case 'assign':
      case 'move':
        return { ...command, mission_id: id(command.mission_id) };
      case 'copy':
        return { ...command, mission_ids: command.mission_ids.map(id) };
      case 'invite':
        return { ...command, assignment_ids: command.assignment_ids.map(id) };
      default:
        return { ...command, assignment_id: id(command.assignment_id) };
    }
  }

  /** The commands as they are sent after all that were sent before; null where one is about something that was never made. */
  brought(commands: readonly PlanningCommand[]): PlanningCommand[] | null {
    const brought = commands.map((command) => this.#stamped(this.named(command)));
    return brought.some((command) => idsOf(command).some(isDraft)) ? null : brought;
  }

  /** The stamp that one's own change replaced is what it left: only that one, so that what others changed is noticed. */
  #stamped(command: PlanningCommand): PlanningCommand {
    const id = idOf(command);
    let seen = command.if_unchanged ?? null;
    if (id === null || seen === null) return command;
    for (let left = this.#left.get(`${id} ${seen}`); left !== undefined && left !== seen; left = this.#left.get(`${id} ${seen}`)) seen = left;
    return { ...command, if_unchanged: seen };
  }
}

/** The one thing that a command changes, and whose stamp it has. */
function idOf(command: PlanningCommand | undefined): string | null {
  const [id, ...more] = command === undefined || command.type === 'assign' ? [] : idsOf(command);
  return id === undefined || more.length > 0 ? null : id;
}

function idsOf(command: PlanningCommand): string[] {
  switch (command.type) {
    case 'assign':
    case 'move':
      return [command.mission_id];
    case 'copy':
      return command.mission_ids;
    case 'invite':
      return command.assignment_ids;
    default:
      return [command.assignment_id];
  }
}
