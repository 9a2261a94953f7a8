//! The one public error and its problem+json form (RFC 9457).
//!
//! A handler returns [`Error`]. `http::boundary` renders it, where the request id is known, and logs what must not leave
//! the server. What a resource refuses it declares itself, with [`refusals!`]; `docs/errors.md` lists every code.

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

/// Why a request is not answered with what it asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Members of the body or the query break a rule.
    #[error("{}", field::what_to_do(.0))]
    Invalid(Vec<FieldError>),
    /// A fact of the domain is in the way.
    #[error("{}", .0.detail)]
    Refused(Box<Refused>),
    /// Some items of a bulk request cannot be carried out: their indices and why.
    #[error("Nothing was created: {} item(s) are refused, see errors; correct or leave them out and send all again.", .0.len())]
    Items(Vec<(usize, Error)>),
    /// A defect, or something that the server depends on.
    #[error("{}", .0.kind.sentence())]
    Failed(Box<Failure>),
    /// Not an error: the request was answered before, and this is that answer.
    #[error("answered before")]
    Replayed(Replayed),
}

/// An answer that was given before.
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

impl Error {
    /// One wrong member, as a JSON pointer, and the rule that it breaks.
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::invalid(pointer, detail)])
    }

    /// For looking up what a body names: [`NotFound`] becomes a mistake in the member that names it.
    pub fn referred(pointer: &'static str, name: &'static str) -> impl Fn(Self) -> Self {
        move |error| match error.is::<NotFound>() {
            true => UnknownReference { pointer, name }.into(),
            false => error,
        }
    }

    /// Something that cannot happen unless the program is wrong or its surroundings fail. The log says where it was called.
    #[track_caller]
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::failed(FailureKind::Internal, cause)
    }

    /// What the server depends on failed. The log says where it was called.
    #[track_caller]
    pub fn failed(kind: FailureKind, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(Failure::new(kind, Some(Arc::new(cause)))))
    }

    /// The request ran out of time.
    #[track_caller]
    pub fn timed_out() -> Self {
        Self::Failed(Box::new(Failure::new(FailureKind::TimedOut, None)))
    }

    /// Whether it is this refusal.
    pub fn is<R: Refusal>(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.code == R::CODE)
    }

    /// What failed, if it is a failure.
    pub fn failure(&self) -> Option<FailureKind> {
        match self {
            Self::Failed(failure) => Some(failure.kind),
            _ => None,
        }
    }

    /// What is behind a failure: logged, never sent.
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
            // Of one kind or many: the first decides, each item has its own code.
            Self::Items(items) => items
                .first()
                .map_or((StatusCode::BAD_REQUEST, "validation_failed"), |(_, error)| error.status_and_code()),
            Self::Failed(failure) => failure.kind.status_and_code(),
            Self::Replayed(_) => (StatusCode::OK, "replayed"),
        }
    }

    /// For `Retry-After`, in seconds: when trying again makes sense.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Refused(refused) => refused.retry_after,
            Self::Failed(failure) => failure.kind.retry_after(),
            _ => None,
        }
    }
}

/// Leaves the error in the response's extensions; `http::boundary` writes the body.
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
