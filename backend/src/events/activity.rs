//! What planners are told of events, in `GET /activity`.

use crate::ids::{MissionId, ProjectId, UserId};

crate::words::words! {
    /// What happened, as planners see it.
    pub enum ActivityKind {
        /// Somebody said yes, or a planner noted it for them.
        Accepted = "accepted",
        /// Somebody said no without having said yes before.
        Declined = "declined",
        /// Somebody took a yes back.
        Withdrawn = "withdrawn",
        /// A mission has another time or place.
        Moved = "moved",
        /// Somebody agreed to the new time or place.
        Confirmed = "confirmed",
    }
}

/// What an event tells planners. It stays when the details of its entry are emptied, so it has no texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    pub kind: ActivityKind,
    pub mission: MissionId,
    /// The mission's project at that time.
    pub project: Option<ProjectId>,
    /// Whose answer it is; `None` for what happened to the mission.
    pub user: Option<UserId>,
}
