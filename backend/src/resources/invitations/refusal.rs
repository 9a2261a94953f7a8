//! What keeps an invitation from being answered.

use crate::error::refusals;

refusals! {
    /// The link was answered the other way.
    AlreadyAnswered =>
        CONFLICT, "already_answered",
        "This invitation was answered already; the planner can change the answer.";

    /// The mission is not what the person saw when they answered.
    ChangedSinceSeen =>
        CONFLICT, "changed_since_seen",
        "The time, the place or the role has changed since you looked; look again, then answer.";

    /// The invitation was taken back, or a newer one replaced it.
    InvitationRevoked =>
        CONFLICT, "invitation_revoked", "This invitation was taken back; create a new one with POST /invitations.";

    /// Reminders of one invitation have at least an hour between them.
    RemindedRecently { seconds: u64 = 1200 } =>
        TOO_MANY_REQUESTS, "reminded_recently",
        "This person was reminded less than an hour ago; remind them again when the hour is over.",
        with |refusal, refused| refused.retry_after = Some(refusal.seconds);

    /// A session answers its own user's assignments only.
    NotYourCall =>
        FORBIDDEN, "not_your_call",
        "This call is another person's; change its status with POST /assignments/{{id}}:status instead.";
}
