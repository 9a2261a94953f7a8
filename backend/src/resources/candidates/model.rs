//! Shapes of candidates.

use crate::{
    http::Limit,
    ids::{AssignmentId, MissionId, UserId},
    resources::{assignments::AssignmentStatus, users::EmploymentType},
    text::Label,
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// For which post, and how many.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CandidatesQuery {
    /// The post on the mission; without it, the mission's only one.
    #[deserr(default)]
    #[param(value_type = Option<String>, example = "lumiere")]
    pub role_name: Option<Label>,
    /// The most candidates.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
}

/// Who could do a mission, as it was at one instant.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidates {
    pub mission_id: MissionId,
    /// The post that they were ranked for; `null` for none.
    pub role_name: Option<String>,
    /// How many people there are to choose from; with a `limit` below it some are left out.
    pub total: usize,
    /// Best first.
    pub candidates: Vec<Candidate>,
}

/// Somebody who could do a mission.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidate {
    pub user_id: UserId,
    /// First and last name.
    #[schema(example = "Élodie Bœuf")]
    pub name: String,
    /// Where they are written to.
    pub email: Option<String>,
    /// As people write it.
    pub phone: Option<String>,
    pub employment_type: EmploymentType,
    /// How well they can do what the post is called, from 1 to 5; `null` when they cannot, or for no post.
    pub skill_level: Option<i16>,
    /// What they declared: `UNAVAILABLE` for a part of the mission or more, else `APPROVED` or `PENDING` when they are available for the
    /// whole of it, or `null` for nothing.
    pub availability: Option<Declared>,
    /// What they are invited to or accepted for in the week of the mission's start, Monday to Sunday in its time zone, without it.
    pub planned_minutes: u64,
    /// How many missions that began in the last 180 days, or begin in the next 180, they said yes to.
    pub accepted: u32,
    /// How many of such missions they said no to. Neither counts those that were called off.
    pub declined: u32,
    /// Their assignment on this mission, an active one before others.
    pub assignment: Option<CandidateAssignment>,
    /// What speaks for and against them.
    pub reasons: Vec<CandidateReason>,
}

/// Where somebody stands on the mission.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CandidateAssignment {
    pub id: AssignmentId,
    pub status: AssignmentStatus,
}

/// What speaks for or against somebody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CandidateReason {
    pub code: ReasonCode,
    /// The same as a sentence.
    #[schema(example = "Accepted for another mission at that time: Montage lumière.")]
    pub detail: String,
    /// What takes them, for `taken`.
    pub conflict: Option<CandidateConflict>,
}

/// What somebody is on at the time of the mission.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CandidateConflict {
    pub assignment_id: AssignmentId,
    pub mission_id: MissionId,
    /// The mission's title.
    pub title: String,
    pub start_at: Timestamp,
    pub end_at: Timestamp,
    /// `ACCEPTED`, or `INVITED` while they have not answered.
    pub status: AssignmentStatus,
}

crate::words::words! {
    /// What somebody declared for the mission.
    pub enum Declared {
        /// Available for all of it, and a planner counts on it.
        Approved = "APPROVED",
        /// Available for all of it; nobody looked at it yet.
        Pending = "PENDING",
        /// Not available for a part of it or more, whether a planner looked at it or not.
        Unavailable = "UNAVAILABLE",
    }
}

crate::words::words! {
    /// What speaks for or against somebody.
    pub enum ReasonCode {
        /// Nothing else at that time.
        Free = "free",
        /// Invited or accepted elsewhere at that time.
        Taken = "taken",
        /// Declared not to be available, for a part of the mission or more.
        Unavailable = "unavailable",
        /// Can do what the post is called.
        Skilled = "skilled",
        /// Cannot, as far as it is known.
        SkillMissing = "skill_missing",
        /// Said no to this mission.
        DeclinedBefore = "declined_before",
        /// Invited to this mission, or accepted for it.
        AskedAlready = "asked_already",
    }
}
