//! The one public error and its problem+json form (RFC 9457).
//!
//! Handlers return [`Error`]. `http::boundary` renders it, with the request id, and logs causes, which are never sent. Each
//! resource declares its refusals with `refusals!`; `docs/errors.md` lists every code.

mod conflict;
mod failure;
mod field;
mod problem;
mod refusal;

pub use conflict::{Conflict, Conflicts};
pub use failure::{Cause, Failure, FailureKind};
pub use field::FieldError;
pub use problem::Problem;
pub(crate) use refusal::refusals;
pub use refusal::{Duplicate, NotFound, REFUSALS, Refusal, Refused, UnknownReference};

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use std::{fmt, sync::Arc};

/// Why a handler does not return its normal response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Members of the body or the query break a rule.
    #[error("{}", field::what_to_do(.0))]
    Invalid(Vec<FieldError>),
    /// A rule of the domain, declared with `refusals!`.
    #[error("{}", .0.detail)]
    Refused(Box<Refused>),
    /// Refused items of a request, by index.
    #[error("{}", .0.sentence(.1.len()))]
    Items(Within, Vec<(usize, Error)>),
    /// A defect, or a failure of something that the server depends on.
    #[error("{}", .0.kind.sentence())]
    Failed(Box<Failure>),
    /// Not an error: the stored response of the first request with this `Idempotency-Key`.
    #[error("answered before")]
    Replayed(Replayed),
}

/// Builds the stored response.
#[derive(Clone)]
pub struct Replayed(Arc<dyn Fn() -> Response + Send + Sync>);

impl Replayed {
    pub fn new(response: impl Fn() -> Response + Send + Sync + 'static) -> Self {
        Self(Arc::new(response))
    }
}

impl fmt::Debug for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Replayed")
    }
}

/// Where the items of a request stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// The body is an array of what is to be created.
    Body,
    /// What is to be done, in `commands`.
    Commands,
    /// A command's list of ids, by its name.
    Ids(&'static str),
}

impl Within {
    fn sentence(self, refused: usize) -> String {
        match self {
            Self::Body => format!(
                "Nothing was created: {refused} item(s) are refused, see errors; correct or leave them out and send all again."
            ),
            Self::Commands | Self::Ids(_) => format!(
                "Nothing was changed: {refused} command(s) are refused, see errors; correct or leave them out and send all again."
            ),
        }
    }

    /// The mistake of an item, as one of the request.
    pub fn at(self, index: usize, mistake: FieldError) -> FieldError {
        let inside = mistake.at_index(index);
        let pointer = match self {
            Self::Body => inside.pointer,
            Self::Commands => format!("/commands{}", inside.pointer),
            Self::Ids(member) => format!("/{member}/{index}"),
        };
        FieldError { pointer, ..inside }
    }
}

impl Error {
    /// One invalid member, as a JSON pointer, and the rule that it breaks.
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::invalid(pointer, detail)])
    }

    /// For looking up what a body refers to: turns [`NotFound`] into [`UnknownReference`] at that member.
    pub fn referred(pointer: &'static str, name: &'static str) -> impl Fn(Self) -> Self {
        move |error| match error.is::<NotFound>() {
            true => UnknownReference { pointer, name }.into(),
            false => error,
        }
    }

    /// A defect, or a failure of the environment. The caller's source location is logged.
    #[track_caller]
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::failed(FailureKind::Internal, cause)
    }

    /// A failure of something that the server depends on. The caller's source location is logged.
    #[track_caller]
    pub fn failed(kind: FailureKind, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(Failure::new(kind, Some(Arc::new(cause)))))
    }

    #[track_caller]
    pub fn timed_out() -> Self {
        Self::Failed(Box::new(Failure::new(FailureKind::TimedOut, None)))
    }

    pub fn is<R: Refusal>(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.code == R::CODE)
    }

    pub fn failure(&self) -> Option<FailureKind> {
        match self {
            Self::Failed(failure) => Some(failure.kind),
            _ => None,
        }
    }

    /// Logged, never sent.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Failed(failure) => failure.cause.as_ref(),
            _ => None,
        }
    }

    /// The HTTP status and the stable code.
    pub fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Invalid(mistakes) => (StatusCode::BAD_REQUEST, field::code_of(mistakes)),
            Self::Refused(refused) => (refused.status, refused.code),
            // The first item decides the status; each item in `errors` has its own code.
            Self::Items(_, items) => items
                .first()
                .map_or((StatusCode::BAD_REQUEST, "validation_failed"), |(_, error)| error.status_and_code()),
            Self::Failed(failure) => failure.kind.status_and_code(),
            Self::Replayed(_) => (StatusCode::OK, "replayed"),
        }
    }

    /// For `Retry-After`, in seconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused(refused) => refused.retry_after,
            Self::Failed(failure) => failure.kind.retry_after(),
            _ => None,
        }
    }
}

/// Puts the error into the response's extensions; `http::boundary` writes the body.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Replayed(Replayed(response)) = self {
            return response();
        }
        let mut response = self.status_and_code().0.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
