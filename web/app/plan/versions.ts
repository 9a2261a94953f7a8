/** What a change is about, as it was seen and as it is: one line for each mission. */

import type { PlanningCommand } from '../api/types';
import { when } from '../time/format';
import type { PlanAssignment, PlanMission, Snapshot } from './snapshot';
import { words } from './words';

export interface Line {
  key: string;
  text: string;
}

export function linesOf(commands: readonly PlanningCommand[], snapshot: Snapshot | null): Line[] {
  if (snapshot === null) return [];
  const missions = commands.flatMap((command) => missionsOf(command, snapshot));
  return [...new Set(missions)].map((mission) => ({ key: mission.id, text: line(mission, snapshot) }));
}

function missionsOf(command: PlanningCommand, snapshot: Snapshot): PlanMission[] {
  const ids = 'mission_ids' in command ? command.mission_ids : 'mission_id' in command ? [command.mission_id] : [];
  const assignments = 'assignment_ids' in command ? command.assignment_ids : 'assignment_id' in command ? [command.assignment_id] : [];
  const named = [...ids.map((id) => snapshot.mission(id)), ...assignments.map((id) => snapshot.assignment(id)?.mission)];
  return named.filter((mission) => mission !== undefined);
}

function line(mission: PlanMission, snapshot: Snapshot): string {
  const { accepted, invited, planned } = words();
  const state = ({ status, invitation }: PlanAssignment): string => (status === 'ACCEPTED' ? accepted : invitation === null ? planned : invited);
  const crew = snapshot.ofMission(mission.id).map((one) => `${one.user.name} (${state(one)})`);
  return [mission.title, when(mission.start, mission.end, mission.zone), ...crew].join(' · ');
}
