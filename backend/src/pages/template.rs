//! The two templates, filled.

use super::words::{Language, Words};
use crate::{
    auth::{InvalidToken, TooManyTries},
    error::{Error, FailureKind},
    resources::{
        assignments::{QuotaReached, ScheduleConflict},
        invitations::AlreadyAnswered,
        missions::{MissionCancelled, MissionOver},
        projects::ProjectArchived,
        users::UserInactive,
    },
    secret::Secret,
};
use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// What an invitation is about.
#[derive(Debug)]
pub struct MissionShown {
    pub org: String,
    pub user: String,
    pub title: String,
    pub project: Option<String>,
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
    pub lang: &'static str,
    pub words: &'static Words,
    /// What to tell the person.
    pub message: &'a str,
    /// Whether that is good news.
    pub good: bool,
    /// The call, unless the link is not valid.
    pub mission: Option<&'a MissionShown>,
    /// The token, while there is something to answer.
    pub token: Option<&'a str>,
    /// What was typed so far.
    pub reason: &'a str,
}

/// The page that sets a password.
#[derive(Template)]
#[template(path = "password.html")]
pub struct PasswordPage<'a> {
    pub lang: &'static str,
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
    let html = page.render().map_err(|error| Error::internal(error))?;
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
    let refusals = [
        (error.is::<InvalidToken>(), words.invalid),
        (error.is::<AlreadyAnswered>(), words.already_answered),
        (error.is::<ScheduleConflict>(), words.conflict),
        (error.is::<QuotaReached>(), words.quota),
        (error.is::<MissionCancelled>(), words.cancelled),
        (error.is::<ProjectArchived>(), words.archived),
        (error.is::<MissionOver>(), words.over),
        (error.is::<UserInactive>(), words.inactive),
        (error.is::<TooManyTries>(), words.try_again),
    ];
    match error.failure() {
        Some(FailureKind::Unavailable | FailureKind::StorageFull | FailureKind::Contended) => {
            Some(words.try_again)
        }
        Some(FailureKind::OutcomeUnknown) => Some(words.perhaps),
        Some(FailureKind::TimedOut | FailureKind::Internal) => None,
        None => refusals.iter().find(|(is, _)| *is).map(|(_, message)| *message),
    }
}
