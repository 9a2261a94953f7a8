//! What became of the mail that carries a link.

crate::words::words! {
    /// What became of the e-mail.
    pub enum Delivery {
        /// There is none: hand the link over yourself.
        None = "none",
        /// It will be sent.
        Queued = "queued",
        /// The mail server has taken it.
        Sent = "sent",
        /// It could not be sent; `delivery_error` says why.
        Failed = "failed",
    }
}
