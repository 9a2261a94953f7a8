//! Refusals that a user is the reason of.

use crate::error::refusals;

refusals! {
    /// The user was deactivated.
    UserInactive =>
        CONFLICT, "user_inactive",
        "This person is deactivated and cannot be invited or accepted; reactivate them first.";

    /// The user was assigned before, and the record stays.
    UserHasHistory =>
        CONFLICT, "user_has_history",
        "This person has been assigned before and stays on record; set active to false instead.";
}
