//! What keeps an availability from being approved.

use crate::error::{Conflicts, refusals};

refusals! {
    /// Two approved availabilities of one user and kind would overlap.
    AvailabilityOverlap { conflicts: Conflicts = Conflicts::sample_of_availability() } =>
        CONFLICT, "availability_overlap",
        "An approved availability of this person and kind already covers part of that time; it is listed in conflicts.",
        with |refusal, refused| refused.conflicts = refusal.conflicts.clone();
}
