/** A small plan for tests: one week of a theatre. */

import type { Planning, PlanningAssignment, PlanningMission, PlanningUser } from '../api/types';

export const CHANGED = '2026-11-01T08:00:00.000000Z';

export function mission(id: string, start: string, end: string, more: Partial<PlanningMission> = {}): PlanningMission {
  return {
    id,
    title: id,
    project_id: null,
    location: null,
    note: null,
    role: null,
    roles: [],
    start_at: start,
    end_at: end,
    timezone: 'Europe/Paris',
    cancelled_at: null,
    created_at: CHANGED,
    updated_at: CHANGED,
    matches: true,
    ...more,
  };
}

export function user(id: string, skills: string[] = [], more: Partial<PlanningUser> = {}): PlanningUser {
  return {
    id,
    name: id,
    email: null,
    phone: null,
    employment_type: 'INTERMITTENT',
    active: true,
    skill_levels: Object.fromEntries(skills.map((skill) => [skill, 3])),
    tags: [],
    updated_at: CHANGED,
    ...more,
  };
}

export function assignment(mission_id: string, user_id: string, more: Partial<PlanningAssignment> = {}): PlanningAssignment {
  return {
    id: `${user_id}@${mission_id}`,
    mission_id,
    user_id,
    mission_role_id: null,
    status: 'ACCEPTED',
    note: null,
    conflict_override: null,
    needs_confirmation: false,
    invitation: null,
    updated_at: CHANGED,
    ...more,
  };
}

export function role(name: string, quota: number | null, accepted = 0, invited = 0): PlanningMission['roles'][number] {
  return { id: `role-${name}`, role_name: name, quota, accepted, invited };
}

/** Montage from 9 to 18, Concert from 20 to 23, Réglages from 10 to 12, all on 2 December by the clock of Paris. */
export function sample(more: Partial<Planning> = {}): Planning {
  return {
    version: '1',
    projects: [],
    missions: [
      mission('montage', '2026-12-02T08:00:00Z', '2026-12-02T17:00:00Z', { roles: [role('son', 2), role('Lumière', 1)] }),
      mission('reglages', '2026-12-02T09:00:00Z', '2026-12-02T11:00:00Z', { roles: [role('lumiere', 1)] }),
      mission('concert', '2026-12-02T19:00:00Z', '2026-12-02T22:00:00Z', { roles: [role('son', null)] }),
    ],
    users: [user('ada', ['lumiere', 'son']), user('bob', ['son']), user('cleo')],
    assignments: [],
    declines: [],
    availabilities: [],
    conflicts: [],
    ...more,
  };
}
