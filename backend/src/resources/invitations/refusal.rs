//! What keeps an invitation from being answered.

use crate::error::refusals;

refusals! {
    /// The link was answered the other way.
    AlreadyAnswered =>
        CONFLICT, "already_answered",
        "This invitation was answered already; the planner can change the answer.";

    /// A session answers its own user's assignments only.
    NotYourCall =>
        FORBIDDEN, "not_your_call",
        "This call is another person's; change its status with POST /assignments/{{id}}:status instead.";
}
