//! Failures: defects of the program or of what it depends on. The client learns only whether to retry.

use axum::http::StatusCode;
use std::{panic::Location, sync::Arc};

/// Logged, never sent.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// A failure, and where in the source it was created.
#[derive(Debug, Clone)]
pub struct Failure {
    pub kind: FailureKind,
    pub cause: Option<Cause>,
    pub at: &'static Location<'static>,
}

impl Failure {
    #[track_caller]
    pub(super) fn new(kind: FailureKind, cause: Option<Cause>) -> Self {
        Self { kind, cause, at: Location::caller() }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $status:ident, $code:literal, retry after $retry:expr, $sentence:literal;)+) => {
        /// The kind decides the status, the code and the advice to the client.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FailureKind {
            $($(#[$doc])* $kind,)+
        }

        impl FailureKind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            pub(super) fn status_and_code(self) -> (StatusCode, &'static str) {
                match self {
                    $(Self::$kind => (StatusCode::$status, $code),)+
                }
            }

            pub(super) fn sentence(self) -> &'static str {
                match self {
                    $(Self::$kind => $sentence,)+
                }
            }

            pub(super) fn retry_after(self) -> Option<u64> {
                match self {
                    $(Self::$kind => $retry,)+
                }
            }
        }
    };
}

kinds! {
    /// Too much work at once, or the database is out of reach; the request changed nothing.
    Unavailable => SERVICE_UNAVAILABLE, "unavailable", retry after Some(1),
        "The server is busy or its database is out of reach; try again in a moment.";

    /// The database's disk is full or refuses to be written; the request changed nothing. Somebody has to make room first.
    StorageFull => SERVICE_UNAVAILABLE, "storage_full", retry after Some(30),
        "The server's disk is full or cannot be written, so nothing was saved; ask its operator to make room, then send this again.";

    /// The connection to the database was lost while it was asked to make the work durable.
    OutcomeUnknown => SERVICE_UNAVAILABLE, "outcome_unknown", retry after Some(1),
        "The database went away at the last moment, so this may have been done: send it again with the same Idempotency-Key, or look first.";

    /// The request ran out of time. What it began may still be carried out.
    TimedOut => SERVICE_UNAVAILABLE, "timed_out", retry after Some(1),
        "This took too long and may still be carried out; look before you send it again.";

    /// A lost race or lock that trying again solves.
    Contended => SERVICE_UNAVAILABLE, "contended", retry after Some(1),
        "The server is busy; try again in a moment.";

    /// A defect or an outage; only the log knows more.
    Internal => INTERNAL_SERVER_ERROR, "internal", retry after None,
        "Something went wrong on the server; quote the request_id when you report it.";
}
