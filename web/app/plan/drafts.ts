/** The plan as it will be if what was sent is carried out: shown at once, and marked as not acknowledged. */

import type { Planning, PlanningAssignment, PlanningCommand, PlanningMission } from '../api/types';
import { shiftDays } from '../time/calendar';
import { instant, timestamp } from '../time/zone';
import type { Draft } from './snapshot';

type Row = PlanningAssignment & Draft;
type MissionRow = PlanningMission & Draft;

/** Applies commands to an answer of the server. The answer stays as it is. */
export function draft(plan: Planning, commands: readonly PlanningCommand[]): Planning {
  return commands.reduce(carryOut, plan);
}

function carryOut(plan: Planning, command: PlanningCommand, index: number): Planning {
  switch (command.type) {
    case 'assign':
      return { ...plan, assignments: [...plan.assignments, assigned(plan, command, index)] };
    case 'set_status':
      return change(plan, command.assignment_id, (row) => ({ ...row, status: command.status }));
    case 'reassign':
      return change(plan, command.assignment_id, (row) => ({
        ...row,
        user_id: command.user_id,
        status: 'INVITED',
        needs_confirmation: false,
        invitation: null,
      }));
    case 'remove':
      return { ...plan, assignments: plan.assignments.filter(({ id }) => id !== command.assignment_id) };
    case 'move':
      return { ...plan, missions: plan.missions.map((row) => (row.id === command.mission_id ? moved(row, command) : row)) };
    case 'copy': {
      const copies = plan.missions
        .filter(({ id }) => command.mission_ids.includes(id))
        .map((row) => copied(row, command.shift_days, index));
      return { ...plan, missions: [...plan.missions, ...copies] };
    }
    case 'invite':
      return command.assignment_ids.reduce((rest, id) => change(rest, id, (row) => row), plan);
  }
}

function assigned(plan: Planning, command: Extract<PlanningCommand, { type: 'assign' }>, index: number): Row {
  const mission = plan.missions.find(({ id }) => id === command.mission_id);
  const named = mission?.roles.find(({ role_name }) => role_name === command.role_name);
  const only = mission?.roles.length === 1 ? mission.roles[0] : undefined;
  return {
    id: `draft-${command.mission_id}-${command.user_id}-${String(index)}`,
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

function change(plan: Planning, id: string, how: (row: PlanningAssignment) => PlanningAssignment): Planning {
  const assignments = plan.assignments.map((row): Row => (row.id === id ? { ...how(row), pending: true } : row));
  return { ...plan, assignments };
}

function moved(row: PlanningMission, command: Extract<PlanningCommand, { type: 'move' }>): MissionRow {
  const location = command.location ?? row.location;
  return { ...row, start_at: command.start_at, end_at: command.end_at, location, pending: true };
}

function copied(row: PlanningMission, days: number, index: number): MissionRow {
  const shift = (at: string): string => timestamp(shiftDays(instant(at), days, row.timezone));
  const roles = row.roles.map((role) => ({ ...role, accepted: 0, invited: 0 }));
  const id = `draft-${row.id}-${String(index)}`;
  return { ...row, id, roles, start_at: shift(row.start_at), end_at: shift(row.end_at), pending: true };
}
