//! What keeps a command or an undo from being carried out, beside what keeps the single call.

use crate::error::refusals;

refusals! {
    /// Another write came between what the client saw, or did, and its command or undo.
    ChangedSince =>
        CONFLICT, "changed_since",
        "This was changed meanwhile; look at it again, then decide anew.";
}
