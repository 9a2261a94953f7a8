/** What the panel shows of a mission itself, from whichever answer has it first: the plan on the board, or its own. */

import type { MissionRole, MissionSeen } from '../api/types';
import type { PlanMission } from '../plan/snapshot';
import { type Instant, instant } from '../time/zone';

export interface Facts {
  title: string;
  projectId: string | null;
  project: string | null;
  location: string | null;
  note: string | null;
  start: Instant;
  end: Instant;
  zone: string;
  roles: readonly MissionRole[];
  cancelled: boolean;
  /** Word for word, for `if_unchanged`. */
  updatedAt: string;
}

export function factsOf(mission: MissionSeen, project: string | null): Facts {
  return {
    title: mission.title,
    projectId: mission.project_id,
    project,
    location: mission.location,
    note: mission.note,
    start: instant(mission.start_at),
    end: instant(mission.end_at),
    zone: mission.timezone,
    roles: mission.roles,
    cancelled: mission.cancelled_at !== null,
    updatedAt: mission.updated_at,
  };
}

/** Cancelled missions are not in the plan. */
export function planned(mission: PlanMission): Facts {
  return { ...mission, cancelled: false };
}
