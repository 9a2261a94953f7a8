//! API types of assignments.

use super::warnings::Warning;
use crate::{
    http::{Cursor, Flag, Limit, Many, Writable},
    ids::{AssignmentId, MissionId, MissionRoleId, ProjectId, UserId},
    text::{Label, Note, Reason},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

crate::words::words! {
    /// Where an assignment stands.
    pub enum AssignmentStatus {
        /// Asked, no answer yet.
        Invited = "INVITED",
        /// Said yes.
        Accepted = "ACCEPTED",
        /// Said no, or withdrew.
        Declined = "DECLINED",
        /// Called off by the planner.
        Cancelled = "CANCELLED",
    }
}

/// An assignment as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// The mission.
    pub mission_id: MissionId,
    /// The person.
    pub user_id: UserId,
    /// The post they take.
    pub mission_role_id: Option<MissionRoleId>,
    /// The post's name.
    pub role_name: Option<String>,
    /// Where it stands.
    pub status: AssignmentStatus,
    /// Anything worth knowing.
    pub note: Option<String>,
    /// Why they said no.
    pub decline_reason: Option<String>,
    /// Why they are accepted although already taken.
    pub conflict_override: Option<String>,
    /// The mission's title.
    pub mission_title: String,
    /// For its events; not shown.
    #[serde(skip)]
    pub project_id: Option<ProjectId>,
    /// The project's name.
    pub project_title: Option<String>,
    /// Where the mission takes place.
    pub location: Option<String>,
    /// The person's name.
    pub user_name: String,
    /// When the mission starts.
    pub start_at: Timestamp,
    /// When the mission ends.
    pub end_at: Timestamp,
    /// Accepted at another time or place than now: the person, or a manager for them, has to confirm.
    pub needs_confirmation: bool,
    /// When the person was last mailed about it.
    pub told_at: Option<Timestamp>,
    /// When they were assigned.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who is put on which mission.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewAssignment {
    /// The mission.
    pub mission_id: MissionId,
    /// The person.
    pub user_id: UserId,
    /// `INVITED`, or `ACCEPTED` when they said yes already.
    #[deserr(default = AssignmentStatus::Invited)]
    #[schema(default = "INVITED", required = false)]
    pub status: AssignmentStatus,
    /// The post they take; a mission's only post is taken by itself.
    #[deserr(default)]
    pub role_name: Option<Label>,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
    /// Why they are accepted although already taken.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

/// What of an assignment can be set; its status has a call of its own.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct AssignmentForm {
    /// The post they take; a mission's only post is taken by itself.
    #[deserr(default)]
    pub role_name: Option<Label>,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
}

impl Assignment {
    /// The current values of the writable members.
    pub fn form(&self) -> AssignmentForm {
        AssignmentForm {
            role_name: self.role_name.as_ref().map(Label::stored),
            note: self.note.as_ref().map(Note::stored),
        }
    }
}

impl Writable for AssignmentForm {
    const READ_ONLY: &'static [&'static str] = &[
        "id",
        "mission_id",
        "mission_title",
        "project_title",
        "location",
        "mission_role_id",
        "start_at",
        "end_at",
        "user_id",
        "user_name",
        "status",
        "decline_reason",
        "conflict_override",
        "needs_confirmation",
        "told_at",
        "created_at",
        "updated_at",
    ];
}

/// A change of status.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = AssignmentStatusChange)]
#[deserr(deny_unknown_fields)]
pub struct NewStatus {
    /// The status to have.
    pub status: AssignmentStatus,
    /// A planner's reason to accept someone who is already taken.
    #[deserr(default)]
    pub override_reason: Option<Reason>,
}

/// Which assignments, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AssignmentQuery {
    /// Only these missions'; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<MissionId>>)]
    pub mission_id: Many<MissionId>,
    /// Only these people's; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<UserId>>)]
    pub user_id: Many<UserId>,
    /// Only these projects'; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<ProjectId>>)]
    pub project_id: Many<ProjectId>,
    /// Only these statuses; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<AssignmentStatus>>)]
    pub status: Many<AssignmentStatus>,
    /// Only those that have to be confirmed, or only the others.
    #[deserr(default)]
    #[param(value_type = Option<bool>)]
    pub needs_confirmation: Option<Flag>,
    /// `1` or `true`: only those who are `INVITED` and for whom no invitation was ever made.
    #[deserr(default)]
    #[param(value_type = Option<NeverAsked>, inline)]
    pub never_asked: Option<NeverAsked>,
    /// Only missions that end after this instant.
    #[deserr(default)]
    pub from: Option<Timestamp>,
    /// Only missions that start before this instant.
    #[deserr(default)]
    pub to: Option<Timestamp>,
    /// `1`: only the caller's own.
    #[deserr(default)]
    #[param(value_type = Option<Whose>, inline)]
    pub me: Option<Whose>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, AssignmentId)>>,
}

crate::words::words! {
    /// Whose assignments.
    pub enum Whose {
        /// Everyone's that the caller may see.
        No = "0",
        /// The caller's own.
        Yes = "1",
    }
}

crate::words::words! {
    /// Whether only those whom nobody has asked yet; written as `me` is, or as other filters.
    pub enum NeverAsked {
        /// All that there are.
        No = "0",
        /// Whom nobody has asked.
        Yes = "1",
        /// As `0`.
        False = "false",
        /// As `1`.
        True = "true",
    }
}

impl NeverAsked {
    pub fn holds(self) -> bool {
        matches!(self, Self::Yes | Self::True)
    }
}

crate::http::bulk_created! {
    /// The assignments that a bulk creation made.
    AssignmentsCreated, AssignmentId
}

/// The assignments that a bulk creation made, and what should be known of whom they are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssignmentsCreatedWithWarnings)]
pub struct BulkAssigned {
    #[serde(flatten)]
    pub created: AssignmentsCreated,
    /// The items about which there is something to know.
    pub warnings: Vec<ItemWarnings>,
}

/// What should be known of an item.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssignmentItemWarnings)]
pub struct ItemWarnings {
    /// The item, counted from 0.
    pub index: usize,
    /// The first five.
    pub warnings: Vec<Warning>,
}
