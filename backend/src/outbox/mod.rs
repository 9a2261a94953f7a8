//! What is to be mailed: rows written in the transaction of their cause, so that a mail is sent exactly when its cause is
//! committed. Rows hold references, never texts or tokens: a mail is written when it is sent, from what is true then.
//!
//! A mail gathers what concerns one address within a short time. [`claim`] freezes it: what comes later begins another one.

mod claim;
pub(crate) mod entity;
mod forget;
mod queue;

pub use claim::{Carried, Claimed, called_off_since, claim, ended, latest_of, latest_of_member};
pub use forget::{delete_old, forget_addresses};
pub use queue::{AccountMail, AccountNews, Asked, Notice, Outbox, Recipient, SendMail};

crate::words::words! {
    /// What a mail is about.
    pub enum MailKind {
        /// The person's missions to answer, each with its link.
        Calls = "calls",
        /// The same again, because no answer came.
        Reminder = "reminder",
        /// The person's missions that take place at another time or place than they were told.
        Moved = "moved",
        /// The person's missions that they need not come to.
        CalledOff = "called_off",
        /// What people answered, for whoever plans.
        Answers = "answers",
        /// What is open this morning, for whoever plans.
        Digest = "digest",
        /// The link by which a member takes their membership up.
        Member = "member",
    }
}

crate::words::words! {
    /// Where a mail stands.
    pub enum MailState {
        /// It will be sent.
        Queued = "queued",
        /// The mail server has taken it.
        Sent = "sent",
        /// It could not be sent.
        Failed = "failed",
        /// Nothing in it was still true when it was to be sent.
        Dropped = "dropped",
    }
}
