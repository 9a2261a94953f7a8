/** What one's own changes made: a change of something that was only sent is carried out on what the answers say it is. */

import type { PlanningApplied, PlanningCommand } from '../api/types';
import { type Batch, draftId, isDraft } from './drafts';

export class Own {
  /** The server's names, by those of the drafts. */
  readonly #ids = new Map<string, string>();
  /** When one's own changes left something, by its id. */
  readonly #left = new Map<string, string>();
  readonly #missions = new Map<string, string>();

  learn({ number }: Batch, results: PlanningApplied['results']): void {
    results.forEach(({ assignments, missions }, index) => {
      for (const made of [assignments, missions]) {
        made.forEach(({ id, updated_at }, n) => {
          this.#ids.set(draftId(number, index, n), id);
          this.#left.set(id, updated_at);
        });
      }
      for (const { id, mission_id } of assignments) this.#missions.set(id, mission_id);
    });
  }

  /**
   * The commands as they are sent after all that were sent before; null where one is about something that was never made.
   * `missionOf` an assignment is asked where no answer told it.
   */
  brought(commands: readonly PlanningCommand[], missionOf: (assignment: string) => string | undefined): PlanningCommand[] | null {
    const brought = commands.map((command) => this.#stamped(this.#named(command), missionOf));
    return brought.some((command) => idsOf(command).some(isDraft)) ? null : brought;
  }

  #named(command: PlanningCommand): PlanningCommand {
    const id = (of: string): string => this.#ids.get(of) ?? of;
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

  /** What oneself changed meanwhile is no change of somebody else. Stamps compare as texts: all in UTC, with as many digits. */
  #stamped(command: PlanningCommand, missionOf: (assignment: string) => string | undefined): PlanningCommand {
    const { if_unchanged: seen } = command;
    if (seen === undefined || seen === null) return command;
    // A move changes what the people of its mission agreed to, and is seen as a change of their assignments.
    const ids = idsOf(command).flatMap((id) => [id, this.#missions.get(id) ?? missionOf(id) ?? '']);
    const left = ids.map((id) => this.#left.get(id) ?? '');
    return { ...command, if_unchanged: [seen, ...left].reduce((one, other) => (one > other ? one : other)) };
  }
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
