//! The templates of the pages and their responses.

use super::words::{Language, Words};
use crate::{
    auth::{InvalidToken, TooManyTries},
    error::{Error, FailureKind},
    http::LostRace,
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

#[derive(Debug)]
pub struct MissionShown {
    pub org: String,
    pub user: String,
    pub title: String,
    pub project: Option<String>,
    pub place: Option<String>,
    /// In the mission's time zone.
    pub starts: String,
    /// In the mission's time zone.
    pub ends: String,
}

#[derive(Template)]
#[template(path = "invite.html")]
pub struct InvitePage<'a> {
    pub lang: &'static str,
    pub words: &'static Words,
    /// What to tell the user.
    pub message: &'a str,
    /// Whether that is good news.
    pub good: bool,
    /// `None` if the link is not valid.
    pub mission: Option<&'a MissionShown>,
    /// `None` if the user cannot answer, which hides the form.
    pub token: Option<&'a str>,
    /// The reason that was sent with a refused answer.
    pub reason: &'a str,
}

#[derive(Template)]
#[template(path = "password.html")]
pub struct PasswordPage<'a> {
    pub lang: &'static str,
    pub words: &'static Words,
    /// What to tell the user.
    pub message: &'a str,
    /// Whether that is good news.
    pub good: bool,
    /// `None` if the link is not valid or the password was set.
    pub form: Option<&'a PasswordForm>,
}

#[derive(Debug)]
pub struct PasswordForm {
    pub token: Secret,
    /// The name of the org whose membership the link confirms.
    pub org: Option<String>,
    /// Whether the current password is asked for.
    pub wants_password: bool,
}

pub fn respond(status: StatusCode, page: &impl Template) -> Result<Response, Error> {
    let html = page.render().map_err(|error| Error::internal(error))?;
    Ok((status, super::headers(), html).into_response())
}

/// Adds the `Retry-After` of an error.
pub fn with_retry_after(mut page: Response, error: &Error) -> Response {
    if error.failure() == Some(FailureKind::Contended) {
        page.extensions_mut().insert(LostRace);
    }
    if let Some(seconds) = error.retry_after() {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

/// The message for an error; `None` if `http::boundary` should render it as a problem.
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
