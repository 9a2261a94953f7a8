//! The two templates, filled.

use super::words::{Language, Words};
use crate::{error::Error, secret::Secret};
use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// What an invitation is about.
#[derive(Debug)]
pub struct Call {
    /// Who asks.
    pub org: String,
    /// Who is asked.
    pub person: String,
    /// What the mission is.
    pub title: String,
    /// What it belongs to.
    pub project: Option<String>,
    /// Where.
    pub place: Option<String>,
    /// When it starts, by its own wall clock.
    pub starts: String,
    /// When it ends, by its own wall clock.
    pub ends: String,
}

/// The page of an invitation.
#[derive(Template)]
#[template(path = "invite.html")]
pub struct InvitePage<'a> {
    /// The language.
    pub lang: &'static str,
    /// Its words.
    pub words: &'static Words,
    /// What to tell the person.
    pub message: &'a str,
    /// Whether that is good news.
    pub good: bool,
    /// The call, unless the link is not valid.
    pub call: Option<&'a Call>,
    /// The token, while there is something to answer.
    pub token: Option<&'a str>,
    /// What was typed so far.
    pub reason: &'a str,
}

/// The page that sets a password.
#[derive(Template)]
#[template(path = "password.html")]
pub struct PasswordPage<'a> {
    /// The language.
    pub lang: &'static str,
    /// Its words.
    pub words: &'static Words,
    /// What to tell the person.
    pub message: &'a str,
    /// Whether that is good news.
    pub good: bool,
    /// The form, while there is a password to set.
    pub form: Option<&'a PasswordForm>,
}

/// What the page that sets a password asks for.
#[derive(Debug)]
pub struct PasswordForm {
    /// The token of the link.
    pub token: Secret,
    /// The org whose link it is.
    pub org: Option<String>,
    /// Whether the current password is asked for.
    pub wants_password: bool,
}

/// The page with its headers.
pub fn respond(status: StatusCode, page: &impl Template) -> Result<Response, Error> {
    let html = page.render().map_err(Error::internal)?;
    Ok((status, super::headers(), html).into_response())
}

/// When to come back after an error, as its problem would say it.
pub fn with_retry_after(mut page: Response, error: &Error) -> Response {
    if let Some(seconds) = error.retry_after() {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

/// The words for an error; none when the boundary should speak.
pub fn message(error: &Error, language: Language) -> Option<&'static str> {
    let words = language.words();
    Some(match error {
        Error::InvalidToken => words.invalid,
        Error::AlreadyAnswered => words.already_answered,
        Error::ScheduleConflict(_) => words.conflict,
        Error::QuotaReached => words.quota,
        Error::MissionCancelled => words.cancelled,
        Error::ProjectArchived => words.archived,
        Error::MissionOver => words.over,
        Error::UserInactive => words.inactive,
        Error::Unavailable(_) | Error::StorageFull(_) | Error::Contended(_) | Error::TooManyTries(_) => {
            words.try_again
        }
        Error::OutcomeUnknown(_) => words.perhaps,
        _ => return None,
    })
}
