//! Shapes of activity.

use crate::{
    events::{ActivityKind, ActorKind},
    http::{Cursor, Limit, Many},
    ids::{AssignmentId, AuditId, MissionId, ProjectId, UserId},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Something that happened to a mission or to somebody on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityEntry {
    /// The id of its entry in the audit log.
    pub id: AuditId,
    /// What happened.
    pub kind: ActivityKind,
    /// When.
    pub at: Timestamp,
    /// On which mission.
    pub mission_id: MissionId,
    /// What it is called now; `null` when it was deleted.
    #[schema(example = "Montage lumière")]
    pub mission_title: Option<String>,
    /// The project it belonged to then.
    pub project_id: Option<ProjectId>,
    /// The assignment; `null` for what happened to the mission.
    pub assignment_id: Option<AssignmentId>,
    /// Whose answer it is; `null` for what happened to the mission.
    pub user_id: Option<UserId>,
    /// What they are called now; `null` when they were deleted.
    #[schema(example = "Élodie Bœuf")]
    pub user_name: Option<String>,
    /// Whether the person did it themselves, by their link or signed in.
    pub own: bool,
    /// What kind of someone did it.
    pub actor_kind: ActorKind,
    /// Of an account: its e-mail, while it is a member of the org.
    pub actor_email: Option<String>,
}

/// Which entries, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ActivityQuery {
    /// Only what happened at this instant or later. A write that waited for another one is of the instant at which it began: ask from a
    /// minute before the newest entry, and leave out the ids that are known.
    #[deserr(default)]
    pub since: Option<Timestamp>,
    /// Only on these missions; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<MissionId>>)]
    pub mission_id: Many<MissionId>,
    /// Only on missions of these projects; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<ProjectId>>)]
    pub project_id: Many<ProjectId>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, AuditId)>>,
}
