//! What keeps a command from being carried out, beside what keeps the single call.

use crate::error::refusals;

refusals! {
    /// Another write came between what the client saw and its command.
    ChangedSince =>
        CONFLICT, "changed_since",
        "This is not as it was at if_unchanged; look at it again, then decide anew.";
}
