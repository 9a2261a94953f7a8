/** The names of the API's objects, as the OpenAPI document describes them (`cargo xtask web` writes `schema.d.ts`). */

import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type Org = Schemas['Org'];
export type Role = Schemas['Role'];
export type Session = Schemas['Session'];
export type Planning = Schemas['Planning'];
export type PlanningMission = Schemas['PlanningMission'];
export type PlanningAssignment = Schemas['PlanningAssignment'];
export type PlanningUser = Schemas['PlanningUser'];
export type PlanningConflict = Schemas['PlanningConflict'];
export type PlanningCommand = Schemas['PlanningCommand'];
export type PlanningApplied = Schemas['PlanningApplied'];
export type PlanningUndone = Schemas['PlanningUndone'];
export type Mission = Schemas['Mission'];
export type MissionSeen = Schemas['MissionSeen'];
export type MissionRole = Schemas['MissionRole'];
export type Assignment = Schemas['Assignment'];
export type AssignmentStatus = Schemas['AssignmentStatus'];
export type AssignmentWarning = Schemas['AssignmentWarning'];
export type Availability = Schemas['Availability'];
export type Candidate = Schemas['Candidate'];
export type Candidates = Schemas['Candidates'];
export type ActivityEntry = Schemas['ActivityEntry'];
export type Invitation = Schemas['Invitation'];
export type Project = Schemas['Project'];
export type User = Schemas['User'];
export type UserProfile = Schemas['UserProfile'];
export type Problem = Schemas['Problem'];
export type ProblemConflict = Schemas['ProblemConflict'];
export type ProblemCode = Problem['code'];
export type Locale = Schemas['Locale'];
export type Weekday = Schemas['Weekday'];
export type Conflict = Schemas['Conflict'];
