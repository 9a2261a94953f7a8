/** Answers of the API as the tests need them. */

import type { Assignment, Candidate, Invitation, MissionRole } from '../api/types';
import type { Member, Post } from './posts';

export function role(id: string, quota: number | null, accepted = 0, invited = 0): MissionRole {
  return { id, role_name: id, quota, accepted, invited };
}

export function post(id: string, quota: number | null, accepted = 0, invited = 0): Post {
  return { id, role: role(id, quota, accepted, invited), crew: [], declined: [] };
}

export function assignment(id: string, more: Partial<Assignment> = {}): Assignment {
  return {
    id,
    mission_id: 'mission',
    user_id: `user-${id}`,
    user_name: id,
    mission_role_id: 'son',
    role_name: 'son',
    status: 'INVITED',
    note: null,
    decline_reason: null,
    conflict_override: null,
    mission_title: 'Montage',
    project_title: null,
    location: null,
    start_at: '2026-07-10T08:00:00Z',
    end_at: '2026-07-10T12:00:00Z',
    needs_confirmation: false,
    told_at: null,
    created_at: '2026-07-01T08:00:00Z',
    updated_at: '2026-07-01T08:00:00Z',
    ...more,
  };
}

export function invitation(assignment_id: string, more: Partial<Invitation> = {}): Invitation {
  return {
    id: `link-${assignment_id}`,
    assignment_id,
    email: null,
    status: 'pending',
    expires_at: '2026-07-09T08:00:00Z',
    answer_by: null,
    delivery: 'sent',
    delivery_error: null,
    reminded_at: null,
    answered_at: null,
    answer: null,
    revoked_at: null,
    created_at: '2026-07-01T08:00:00Z',
    ...more,
  };
}

export function member(id: string, more: Partial<Assignment> = {}, link: Invitation | null = null): Member {
  return { assignment: assignment(id, more), invitation: link };
}

export function candidate(name: string, more: Partial<Candidate> = {}): Candidate {
  return {
    user_id: `user-${name}`,
    name,
    email: null,
    phone: null,
    employment_type: 'INTERMITTENT',
    skill_level: null,
    availability: null,
    planned_minutes: 0,
    accepted: 0,
    declined: 0,
    assignment: null,
    reasons: [{ code: 'free', detail: '', conflict: null }],
    ...more,
  };
}
