/**
 * The plan of a period as the server answered it, made ready to be looked up. Nothing changes it: a new answer makes a new one.
 * A row of an answer is read once, so that what a draft leaves as it was is the same object, and is not drawn anew.
 */

import type {
  Availability,
  MissionRole,
  Planning,
  PlanningAssignment,
  PlanningMission,
  PlanningUser,
} from '../api/types';
import { type Instant, instant } from '../time/zone';

/** Marks what was sent and is not acknowledged yet. */
export interface Draft {
  pending?: true;
  /** Whether it is to go. */
  leaving?: true;
}

export interface PlanMission {
  id: string;
  title: string;
  projectId: string | null;
  project: string | null;
  location: string | null;
  note: string | null;
  start: Instant;
  end: Instant;
  zone: string;
  roles: MissionRole[];
  /** Word for word, for `if_unchanged`. */
  updatedAt: string;
  /** Whether the filters of the plan ask for it; else it is here because of who is on it. */
  matches: boolean;
  pending: boolean;
}

export interface PlanAssignment {
  id: string;
  mission: PlanMission;
  user: PlanningUser;
  role: MissionRole | null;
  status: PlanningAssignment['status'];
  needsConfirmation: boolean;
  override: string | null;
  invitation: PlanningAssignment['invitation'];
  updatedAt: string;
  pending: boolean;
  /** Whether they are being taken off: shown until that is acknowledged, and in nobody's way. */
  leaving: boolean;
  /** Whether the person accepted something else at that time. */
  clashes: boolean;
}

export interface PlanAvailability {
  kind: Availability['kind'];
  status: Availability['status'];
  start: Instant;
  end: Instant;
}

export interface Period {
  start: Instant;
  end: Instant;
}

export function overlap(one: Period, other: Period): boolean {
  return one.start < other.end && other.start < one.end;
}

/** Places of a post that nobody accepted; 0 where no number is asked for. */
export function openPlaces(role: MissionRole): number {
  return Math.max(0, (role.quota ?? 0) - role.accepted);
}

/** Places of a post that nobody accepted and nobody is asked for. */
export function unaskedPlaces(role: MissionRole): number {
  return Math.max(0, openPlaces(role) - role.invited);
}

export class Snapshot {
  readonly version: string;
  /** By start. */
  readonly missions: readonly PlanMission[];
  /** By last, then first name. */
  readonly users: readonly PlanningUser[];
  readonly assignments: readonly PlanAssignment[];
  readonly projects: ReadonlyMap<string, string>;

  readonly #missions = new Map<string, PlanMission>();
  readonly #users = new Map<string, PlanningUser>();
  readonly #assignments = new Map<string, PlanAssignment>();
  readonly #ofUser = new Map<string, PlanAssignment[]>();
  readonly #ofMission = new Map<string, PlanAssignment[]>();
  readonly #availabilities = new Map<string, PlanAvailability[]>();
  /** Reasons by mission and person. */
  readonly #declines: ReadonlyMap<string, string | null>;

  constructor(plan: Planning) {
    this.version = plan.version;
    this.projects = new Map(plan.projects.map(({ id, name }) => [id, name]));
    this.missions = plan.missions
      .map((row) => once(missions, row, () => readMission(row, this.projects)))
      .sort((one, other) => one.start - other.start || one.title.localeCompare(other.title));
    for (const mission of this.missions) this.#missions.set(mission.id, mission);
    this.users = plan.users;
    for (const user of plan.users) this.#users.set(user.id, user);
    this.assignments = this.#readAssignments(plan);
    this.#declines = new Map(plan.declines.map(({ mission_id, user_id, reason }) => [`${mission_id} ${user_id}`, reason]));
    for (const one of plan.availabilities) push(this.#availabilities, one.user_id, once(availabilities, one, () => readAvailability(one)));
  }

  mission(id: string): PlanMission | undefined {
    return this.#missions.get(id);
  }

  user(id: string): PlanningUser | undefined {
    return this.#users.get(id);
  }

  assignment(id: string): PlanAssignment | undefined {
    return this.#assignments.get(id);
  }

  /** What somebody is on, by start. */
  ofUser(id: string): readonly PlanAssignment[] {
    return this.#ofUser.get(id) ?? [];
  }

  /** Who is on a mission: accepted first, then by last and first name. */
  ofMission(id: string): readonly PlanAssignment[] {
    return this.#ofMission.get(id) ?? [];
  }

  /** Why somebody said no to a mission: null without a reason, undefined where they did not. */
  decline(mission: string, user: string): string | null | undefined {
    return this.#declines.get(`${mission} ${user}`);
  }

  /** What somebody declared, but for what a planner rejected. */
  availabilities(user: string): readonly PlanAvailability[] {
    return (this.#availabilities.get(user) ?? []).filter((one) => one.status !== 'REJECTED');
  }

  #readAssignments(plan: Planning): PlanAssignment[] {
    const clashing = new Set(plan.conflicts.flatMap(({ a1, a2 }) => [a1, a2]));
    const all: PlanAssignment[] = [];
    for (const row of plan.assignments as (PlanningAssignment & Draft)[]) {
      const mission = this.#missions.get(row.mission_id);
      const user = this.#users.get(row.user_id);
      if (mission === undefined || user === undefined) continue;
      const clashes = clashing.has(row.id);
      const holds = (one: PlanAssignment): boolean => one.mission === mission && one.user === user && one.clashes === clashes;
      all.push(once(assignments, row, () => readAssignment(row, mission, user, clashes), holds));
    }
    all.sort((one, other) => one.mission.start - other.mission.start);
    for (const one of all) {
      this.#assignments.set(one.id, one);
      push(this.#ofUser, one.user.id, one);
      push(this.#ofMission, one.mission.id, one);
    }
    // Users come by name: their places are compared faster than a thousand crews' names.
    const places = new Map(plan.users.map(({ id }, at) => [id, at]));
    const place = ({ user }: PlanAssignment): number => places.get(user.id) ?? 0;
    for (const crew of this.#ofMission.values()) crew.sort((one, other) => byStatus(one, other) || place(one) - place(other));
    return all;
  }
}

function byStatus(one: PlanAssignment, other: PlanAssignment): number {
  if (one.status === other.status) return 0;
  return one.status < other.status ? -1 : 1;
}

function push<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

const missions = new WeakMap<PlanningMission, PlanMission>();
const assignments = new WeakMap<PlanningAssignment, PlanAssignment>();
const availabilities = new WeakMap<Availability, PlanAvailability>();

function once<Row extends object, Read>(known: WeakMap<Row, Read>, row: Row, read: () => Read, holds: (read: Read) => boolean = () => true): Read {
  const found = known.get(row);
  if (found !== undefined && holds(found)) return found;
  const made = read();
  known.set(row, made);
  return made;
}

function readMission(row: PlanningMission & Draft, projects: ReadonlyMap<string, string>): PlanMission {
  return {
    id: row.id,
    title: row.title,
    projectId: row.project_id,
    project: row.project_id === null ? null : (projects.get(row.project_id) ?? null),
    location: row.location,
    note: row.note,
    start: instant(row.start_at),
    end: instant(row.end_at),
    zone: row.timezone,
    roles: row.roles,
    updatedAt: row.updated_at,
    matches: row.matches,
    pending: row.pending ?? false,
  };
}

function readAssignment(
  row: PlanningAssignment & Draft,
  mission: PlanMission,
  user: PlanningUser,
  clashes: boolean,
): PlanAssignment {
  return {
    id: row.id,
    mission,
    user,
    role: mission.roles.find((role) => role.id === row.mission_role_id) ?? null,
    status: row.status,
    needsConfirmation: row.needs_confirmation,
    override: row.conflict_override,
    invitation: row.invitation,
    updatedAt: row.updated_at,
    pending: row.pending ?? false,
    leaving: row.leaving ?? false,
    clashes,
  };
}

function readAvailability({ kind, status, start_at, end_at }: Availability): PlanAvailability {
  return { kind, status, start: instant(start_at), end: instant(end_at) };
}
