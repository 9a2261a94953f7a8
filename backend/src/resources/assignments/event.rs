//! What happens to assignments.

use super::model::{
    Assignment,
    AssignmentStatus::{Accepted, Declined},
};
use crate::{
    error::{Conflict, Conflicts},
    events::{Activity, ActivityKind, events},
    ids::AssignmentId,
};
use serde::Serialize;

events! {
    /// The list of missions shows the number of their assignments.
    pub enum AssignmentEvent<'a> of "assignment" (AssignmentId), shown in [Missions, Planning], told by activity {
        CREATED = "assignment.create": Created { after: &'a Assignment } of after.id,
        UPDATED = "assignment.update": Updated { before: &'a Assignment, after: &'a Assignment } of after.id,
        STATUS_CHANGED = "assignment.status": StatusChanged { before: &'a Assignment, after: &'a Assignment } of after.id,
        OVERRIDDEN = "assignment.override": Overridden { id: AssignmentId, after: Override<'a> } of id,
        CONFIRMED = "assignment.confirm": Confirmed { before: &'a Assignment, after: &'a Assignment } of after.id,
        RESTORED = "assignment.restore": Restored { before: &'a Assignment, after: &'a Assignment } of after.id,
        RECREATED = "assignment.recreate": Recreated { after: &'a Assignment } of after.id,
        DELETED = "assignment.delete": Deleted { before: &'a Assignment } of before.id,
    }
}

/// An override, with the conflicts that it covers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Override<'a> {
    conflicts: &'a [Conflict],
    conflicts_total: u64,
    reason: Option<&'a str>,
}

impl<'a> AssignmentEvent<'a> {
    pub(super) fn overridden(assignment: &'a Assignment, conflicts: &'a Conflicts) -> Self {
        let after = Override {
            conflicts: conflicts.named(),
            conflicts_total: conflicts.total(),
            reason: assignment.conflict_override.as_deref(),
        };
        Self::Overridden { id: assignment.id, after }
    }
}

/// The answers of people, whoever noted them. That a planner called somebody off, or took a change back, is no answer.
fn activity(event: &AssignmentEvent<'_>) -> Option<Activity> {
    let (kind, assignment) = match *event {
        AssignmentEvent::Created { after } if after.status == Accepted => (ActivityKind::Accepted, after),
        AssignmentEvent::StatusChanged { before, after } => match (before.status, after.status) {
            (_, Accepted) => (ActivityKind::Accepted, after),
            (Accepted, Declined) => (ActivityKind::Withdrawn, after),
            (_, Declined) => (ActivityKind::Declined, after),
            _ => return None,
        },
        AssignmentEvent::Confirmed { after, .. } => (ActivityKind::Confirmed, after),
        _ => return None,
    };
    let Assignment { mission_id, project_id, user_id, .. } = *assignment;
    Some(Activity { kind, mission: mission_id, project: project_id, user: Some(user_id) })
}
