//! Errors as browsers are shown them: `http::boundary` asks for them.

use super::{
    template::{Chip, Kind, NotePage, Shell, respond},
    visitor::Visitor,
    words::{Told, Words},
};
use crate::{
    error::{Error, FailureKind},
    http::Looking,
};
use axum::{http::StatusCode, response::Response};

/// `None` when the template fails, too.
pub fn error_page(error: &Error, looking: &Looking) -> Option<Response> {
    let visitor = Visitor::of(&looking.headers, &looking.uri, &looking.config.public_url);
    let words = visitor.words();
    let status = error.status_and_code().0;
    let told = told(error, status, words);
    // Who runs the service finds it in the log.
    let reference = status.is_server_error().then(|| format!("{} {}", words.reference, looking.request));
    let page = note(&visitor, told, reference);
    respond(status, &page).ok()
}

/// A page that says one thing.
pub fn note<'a>(visitor: &Visitor, told: &'a Told, reference: Option<String>) -> NotePage<'a> {
    NotePage {
        shell: Shell::of(visitor, format!("{} · Coulisses", told.title)),
        chip: Some(Chip { kind: Kind::Warning, word: told.word }),
        title: told.title,
        next: told.next,
        reference,
        onward: Vec::new(),
    }
}

fn told<'w>(error: &Error, status: StatusCode, words: &'w Words) -> &'w Told {
    match (error.failure(), status) {
        (Some(FailureKind::OutcomeUnknown | FailureKind::TimedOut), _) => &words.perhaps,
        (Some(FailureKind::Internal), _) => &words.broken,
        (Some(_), _) | (None, StatusCode::TOO_MANY_REQUESTS) => &words.try_again,
        (None, StatusCode::NOT_FOUND) => &words.not_found,
        (None, StatusCode::METHOD_NOT_ALLOWED) => &words.not_allowed,
        (None, _) => &words.unreadable,
    }
}
