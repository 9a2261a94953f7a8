/** The plan as it will be if what was sent is carried out: shown at once, and marked as not acknowledged. */

import type { Planning, PlanningAssignment, PlanningCommand, PlanningMission } from '../api/types';
import { shiftDays } from '../time/calendar';
import { instant, timestamp } from '../time/zone';
import type { Draft } from './snapshot';

type Row = PlanningAssignment & Draft;
type MissionRow = PlanningMission & Draft;

/** Commands that were sent together. */
export interface Batch {
  /** Of all that were sent, which: what it makes is named after it until the server does. */
  number: number;
  commands: readonly PlanningCommand[];
}

const DRAFT = 'draft-';

/** What the n-th thing that a command makes is called until the answer. */
export function draftId(batch: number, command: number, n = 0): string {
  return `${DRAFT}${[batch, command, n].join('-')}`;
}

/** Whether the server does not know it by this name. */
export function isDraft(id: string): boolean {
  return id.startsWith(DRAFT);
}

/** Applies commands to an answer of the server. The answer stays as it is. */
export function draft(plan: Planning, { number, commands }: Batch): Planning {
  return commands.reduce((before, command, index) => carryOut(before, command, (n) => draftId(number, index, n)), plan);
}

function carryOut(plan: Planning, command: PlanningCommand, id: (n?: number) => string): Planning {
  switch (command.type) {
    case 'assign':
      // The plan may have been read after it was done, and before the answer.
      if (isOn(plan, command.mission_id, command.user_id)) return plan;
      return { ...plan, assignments: [...plan.assignments, assigned(plan, command, id())] };
    case 'set_status':
      return change(plan, command.assignment_id, (row) => ({ ...row, status: command.status }));
    case 'confirm':
      return change(plan, command.assignment_id, (row) => ({ ...row, needs_confirmation: false }));
    case 'reassign': {
      // The one goes, and the other is a row of its own, as on the server.
      const given = plan.assignments.find((row) => row.id === command.assignment_id);
      const rest = change(plan, command.assignment_id, (row) => ({ ...row, leaving: true }));
      if (given === undefined || isOn(plan, given.mission_id, command.user_id)) return rest;
      const added: Row = { ...given, id: id(), user_id: command.user_id, status: 'INVITED', needs_confirmation: false, invitation: null, pending: true };
      return { ...rest, assignments: [...rest.assignments, added] };
    }
    case 'remove':
      return change(plan, command.assignment_id, (row) => ({ ...row, leaving: true }));
    case 'move':
      return { ...plan, missions: plan.missions.map((row) => (row.id === command.mission_id ? moved(row, command) : row)) };
    case 'copy': {
      const rows = new Map(plan.missions.map((row) => [row.id, row]));
      const copies = command.mission_ids.flatMap((one, n) => {
        const row = rows.get(one);
        return row === undefined ? [] : [copied(row, command.shift_days, id(n))];
      });
      return { ...plan, missions: [...plan.missions, ...copies] };
    }
    case 'invite':
      return command.assignment_ids.reduce((rest, id) => change(rest, id, (row) => row), plan);
  }
}

function isOn({ assignments }: Planning, mission: string, user: string): boolean {
  return assignments.some((row) => row.mission_id === mission && row.user_id === user);
}

function assigned(plan: Planning, command: Extract<PlanningCommand, { type: 'assign' }>, id: string): Row {
  const mission = plan.missions.find(({ id }) => id === command.mission_id);
  const named = mission?.roles.find(({ role_name }) => role_name === command.role_name);
  const only = mission?.roles.length === 1 ? mission.roles[0] : undefined;
  return {
    id,
    mission_id: command.mission_id,
    user_id: command.user_id,
    mission_role_id: (named ?? only)?.id ?? null,
    status: command.status ?? 'INVITED',
    note: null,
    conflict_override: command.override_reason ?? null,
    needs_confirmation: false,
    invitation: null,
    updated_at: '',
    pending: true,
  };
}

function change(plan: Planning, id: string, how: (row: PlanningAssignment) => Row): Planning {
  const assignments = plan.assignments.map((row): Row => (row.id === id ? { ...how(row), pending: true } : row));
  return { ...plan, assignments };
}

function moved(row: PlanningMission, command: Extract<PlanningCommand, { type: 'move' }>): MissionRow {
  const location = command.location ?? row.location;
  return { ...row, start_at: command.start_at, end_at: command.end_at, location, pending: true };
}

function copied(row: PlanningMission, days: number, id: string): MissionRow {
  const shift = (at: string): string => timestamp(shiftDays(instant(at), days, row.timezone));
  const roles = row.roles.map((role) => ({ ...role, id: `${id}-${role.id}`, accepted: 0, invited: 0 }));
  return { ...row, id, roles, start_at: shift(row.start_at), end_at: shift(row.end_at), pending: true };
}
