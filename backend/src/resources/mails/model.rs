//! API types of mails.

crate::words::words! {
    /// What a mail is about.
    pub enum MailKind {
        /// The person's calls, each with its link.
        Calls = "calls",
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
