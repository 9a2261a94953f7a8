//! Shapes of the plan.

use crate::{
    delivery::Delivery,
    http::Many,
    ids::{AssignmentId, InvitationId, MissionId, MissionRoleId, ProjectId, UserId},
    resources::{
        assignments::AssignmentStatus, availabilities::Availability, missions::Mission, users::EmploymentType,
    },
    text::Search,
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// Which part of the plan.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanningQuery {
    /// Only what ends after this instant.
    #[param(example = "2026-07-06T00:00:00+02:00")]
    pub from: Timestamp,
    /// Only what starts before this instant: after `from`, at most 92 days later.
    #[param(example = "2026-07-13T00:00:00+02:00")]
    pub to: Timestamp,
    /// Only these projects' missions; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<ProjectId>>)]
    pub project_id: Many<ProjectId>,
    /// Only missions with these words in the title or the place, in any order, whatever their case, accents, apostrophes and
    /// hyphens.
    #[deserr(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    pub q: Option<Search>,
    /// Only these people; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<UserId>>)]
    pub user_id: Many<UserId>,
    /// Only people with this skill; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<String>>)]
    pub skill: Many<Search>,
    /// Only people with this tag; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<String>>)]
    pub tag: Many<Search>,
}

/// The plan of a period, as it was at one instant. Cancelled missions, archived projects and rejected availabilities are left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Planning {
    /// Another one after each write that changes a plan. Opaque.
    #[schema(example = "9f2c4b7a1d03e856")]
    pub version: String,
    /// The projects of the missions.
    pub projects: Vec<PlanningProject>,
    /// By start: those that were asked for, and those that the people here are on.
    pub missions: Vec<PlanningMission>,
    /// Whoever is invited or accepted, of the people here, by start.
    pub assignments: Vec<PlanningAssignment>,
    /// Who of the people here said no to one of the missions, or withdrew from it, by start.
    pub declines: Vec<PlanningDecline>,
    /// By last, then first name: those who were asked for; without such a filter whoever can be planned or is on one of the missions.
    pub users: Vec<PlanningUser>,
    /// Those of the people here, by start.
    pub availabilities: Vec<Availability>,
    /// Overlaps of accepted assignments of the people here, by start.
    pub conflicts: Vec<PlanningConflict>,
}

/// A project of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanningProject {
    pub id: ProjectId,
    /// Its name.
    #[schema(example = "Festival d'été")]
    pub name: String,
}

/// A mission of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanningMission {
    #[serde(flatten)]
    pub mission: Mission,
    /// Whether it was asked for; else it is here because of somebody who is on it.
    pub matches: bool,
}

/// Somebody on a mission of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanningAssignment {
    pub id: AssignmentId,
    pub mission_id: MissionId,
    pub user_id: UserId,
    /// The post they take.
    pub mission_role_id: Option<MissionRoleId>,
    /// `INVITED` or `ACCEPTED`.
    pub status: AssignmentStatus,
    /// Anything worth knowing.
    pub note: Option<String>,
    /// Why they are accepted although already taken.
    pub conflict_override: Option<String>,
    /// Accepted at another time or place than now: the person, or a manager for them, has to confirm.
    pub needs_confirmation: bool,
    /// The link that waits for their answer; `null` for one who answered, or was not asked yet.
    pub invitation: Option<PlanningInvitation>,
    pub updated_at: Timestamp,
}

/// Somebody who does not come.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanningDecline {
    pub mission_id: MissionId,
    pub user_id: UserId,
    /// Why, in their words.
    #[schema(example = "I am on tour then")]
    pub reason: Option<String>,
}

/// A link that waits for an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanningInvitation {
    pub id: InvitationId,
    /// When they were asked.
    pub created_at: Timestamp,
    /// By when the planner wants an answer.
    pub answer_by: Option<Timestamp>,
    /// Until when the link can be answered, unless an answer is wanted or the mission begins earlier.
    pub expires_at: Timestamp,
    /// When they were last reminded.
    pub reminded_at: Option<Timestamp>,
    /// What became of the mail.
    pub delivery: Delivery,
}

/// A person of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanningUser {
    pub id: UserId,
    /// First and last name.
    #[schema(example = "Élodie Bœuf")]
    pub name: String,
    /// Where they are written to.
    pub email: Option<String>,
    /// As people write it.
    pub phone: Option<String>,
    pub employment_type: EmploymentType,
    /// Whether they can be planned.
    pub active: bool,
    /// What they can do, and how well, from 1 to 5.
    pub skill_levels: BTreeMap<String, i16>,
    /// Words that planners filter by.
    pub tags: Vec<String>,
    pub updated_at: Timestamp,
}

/// Two accepted assignments of a person that overlap.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanningConflict {
    pub user_id: UserId,
    /// The one that starts first.
    pub a1: AssignmentId,
    pub a2: AssignmentId,
    pub overlap_start: Timestamp,
    pub overlap_end: Timestamp,
    /// Why a planner accepted both.
    pub override_reason: Option<String>,
}
