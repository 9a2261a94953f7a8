//! Shapes of conflicts.

use crate::{
    http::{Cursor, Limit},
    ids::{AssignmentId, MissionId, UserId},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A person's conflicts: a page of them, put together as it is sent.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "describes what [`crate::http::Page::within`] writes")]
pub struct UserConflicts {
    /// The person.
    pub user_id: UserId,
    /// Each overlapping pair, by when the overlap starts.
    pub conflicts: Vec<Conflict>,
}

/// Two accepted assignments of one person that overlap.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conflict {
    /// The one that starts first.
    pub a1: AssignmentId,
    /// The other.
    pub a2: AssignmentId,
    /// The first one's mission.
    pub mission1: ConflictMission,
    /// The other one's mission.
    pub mission2: ConflictMission,
    /// From when both need the person.
    pub overlap_start: Timestamp,
    /// Until when.
    pub overlap_end: Timestamp,
    /// Why a planner accepted both.
    pub override_reason: Option<String>,
    /// The person.
    pub user_id: UserId,
    /// The person's name.
    pub user_name: String,
}

/// A mission that takes part in a conflict.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConflictMission {
    /// Its id.
    pub id: MissionId,
    /// What it is.
    pub title: String,
    /// Where.
    pub location: Option<String>,
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends.
    pub end_at: Timestamp,
}

/// The sort key of a conflict: start and id of its later assignment, then of its earlier one.
pub type ConflictKey = (Timestamp, AssignmentId, Timestamp, AssignmentId);

/// Which conflicts, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConflictQuery {
    /// Only overlaps that end after this instant.
    #[deserr(default)]
    pub from: Option<Timestamp>,
    /// Only overlaps that start before this instant.
    #[deserr(default)]
    pub to: Option<Timestamp>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<ConflictKey>>,
}
