//! Refusals of assignments and their changes.

use super::model::AssignmentStatus;
use crate::error::{Conflicts, refusals};

refusals! {
    /// Accepting would put one user in two places at once.
    ScheduleConflict { conflicts: Conflicts = Conflicts::sample_of_mission() } =>
        BAD_REQUEST, "schedule_conflict",
        "Accepted missions at that time are in the way, listed in conflicts; choose another time or person, or let a planner send override_reason.",
        with |refusal, refused| refused.conflicts = refusal.conflicts.clone();

    /// The user has an active assignment on the mission.
    AlreadyAssigned =>
        CONFLICT, "already_assigned",
        "This person is already invited to or accepted on this mission; change that assignment instead.";

    /// The assignment's status cannot change that way.
    InvalidTransition {
        from: AssignmentStatus = AssignmentStatus::Cancelled,
        to: AssignmentStatus = AssignmentStatus::Accepted,
    } =>
        CONFLICT, "invalid_transition", "An assignment that is {from} cannot become {to}.";

    /// The mission role has as many accepted users as it needs.
    QuotaReached =>
        CONFLICT, "quota_reached", "Every place of this role is taken; raise its quota or choose another role.";

    /// Only who is asked and has not answered can be sent a link.
    NotInvited { status: AssignmentStatus = AssignmentStatus::Accepted } =>
        CONFLICT, "not_invited", "This assignment is {status}; a link is for one that is INVITED.";
}
