//! Refusals that a mission is the reason of.

use crate::error::refusals;

refusals! {
    /// The mission was cancelled, which is final.
    MissionCancelled =>
        CONFLICT, "mission_cancelled", "This mission is cancelled; duplicate it to plan it again.";

    /// The time to answer is over: the mission has ended.
    MissionOver => CONFLICT, "mission_over", "This mission is over; ask the planner to change the answer.";

    /// The mission has assignments.
    MissionNotEmpty =>
        CONFLICT, "mission_not_empty", "This mission has assignments; cancel it instead, or delete them first.";

    /// Users are on a mission role that would go.
    RoleInUse { role: String = "lumiere".into() } =>
        CONFLICT, "role_in_use",
        "The role {role} has people invited to or accepted on it; change their assignments first.";

    /// A mission role would need fewer users than it has.
    QuotaBelowAccepted { role: String = "lumiere".into() } =>
        CONFLICT, "quota_below_accepted",
        "More people have accepted the role {role} than that quota allows; keep the quota or cancel some.";
}
