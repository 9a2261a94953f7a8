//! `/invite?token=`: shows the mission, with buttons to accept, or to decline with a reason.

use super::{
    PageQuery,
    template::{InvitePage, MissionShown, message, respond, with_retry_after},
    words::{Language, Words},
};
use crate::{
    auth::{InvalidToken, InviteClaims},
    error::Error,
    http::{Form, Query, RequestInfo},
    resources::{
        assignments::AssignmentStatus,
        invitations::{self, Answered, Decision, LinkStatus, Opened},
    },
    secret::Secret,
    state::App,
    text::{Reason, ZoneName},
    timestamp::Timestamp,
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use deserr::Deserr;

pub async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let link = Link { claims: app.tokens.read_invite(&query.token), token: &query.token };
    page(&app, Language::of(&headers), &link, "", None).await
}

#[derive(Debug, Deserr)]
pub struct AnswerForm {
    #[deserr(default)]
    token: Secret,
    #[deserr(default)]
    answer: String,
    #[deserr(default)]
    reason: String,
}

pub async fn answer(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    headers: HeaderMap,
    Form(form): Form<AnswerForm>,
) -> Result<Response, Error> {
    let language = Language::of(&headers);
    let words = language.words();
    let link = Link { claims: app.tokens.read_invite(&form.token), token: &form.token };
    let (status, text, good) = match read_answer(&form) {
        None => (StatusCode::BAD_REQUEST, words.unreadable, false),
        Some(answer) => match carry_out(&app, &request, &link, answer).await {
            Ok(answered) => {
                (StatusCode::OK, if answered.accepted { words.accepted } else { words.declined }, true)
            }
            Err(error) => match message(&error, language) {
                Some(text) => {
                    let outcome = Some((error.status_and_code().0, text, false));
                    let page = page(&app, language, &link, &form.reason, outcome).await?;
                    return Ok(with_retry_after(page, &error));
                }
                None => return Err(error),
            },
        },
    };
    page(&app, language, &link, &form.reason, Some((status, text, good))).await
}

/// A link's token, and its claims; `None` if its signature is invalid.
struct Link<'a> {
    token: &'a str,
    claims: Option<InviteClaims>,
}

impl Link<'_> {
    fn claims(&self) -> Result<&InviteClaims, Error> {
        self.claims.as_ref().ok_or(InvalidToken.into())
    }
}

async fn carry_out(
    app: &App,
    request: &RequestInfo,
    link: &Link<'_>,
    answer: Decision,
) -> Result<Answered, Error> {
    invitations::answer_by_link(app, request, link.claims()?, answer, None).await
}

/// `None` if `answer` is unknown or the reason is invalid.
fn read_answer(form: &AnswerForm) -> Option<Decision> {
    match form.answer.as_str() {
        "accept" => Some(Decision::Accept),
        "decline" => {
            let reason = Reason::parse_optional(&form.reason).ok()?;
            Some(Decision::Decline { reason: reason.map(Into::into) })
        }
        _ => None,
    }
}

/// The page with the current state of the assignment, and the outcome of the request, if any, as its message.
async fn page(
    app: &App,
    language: Language,
    link: &Link<'_>,
    reason: &str,
    outcome: Option<(StatusCode, &'static str, bool)>,
) -> Result<Response, Error> {
    let words = language.words();
    let blank = InvitePage {
        lang: language.code(),
        words,
        message: words.invalid,
        good: false,
        mission: None,
        token: None,
        reason,
    };
    let now = app.db.clock().now();
    let opened = async { invitations::open(&app.db, link.claims()?, now).await };
    let opened = match opened.await {
        Ok(opened) => opened,
        Err(error) if error.is::<InvalidToken>() => return respond(StatusCode::BAD_REQUEST, &blank),
        Err(error) => {
            let (status, text) = match (outcome, message(&error, language)) {
                (Some((status, text, _)), _) => (status, text),
                (None, Some(text)) => (error.status_and_code().0, text),
                (None, None) => return Err(error),
            };
            let page = respond(status, &InvitePage { message: text, ..blank })?;
            return Ok(with_retry_after(page, &error));
        }
    };
    let current_message = current_message(&opened, language);
    let (status, text, good) = outcome.unwrap_or((StatusCode::OK, current_message.0, current_message.1));
    let mission = mission_shown(opened, words)?;
    // A user who could not accept because of a conflict or a full role can still decline.
    let token = current_message.2.then_some(link.token);
    respond(status, &InvitePage { message: text, good, mission: Some(&mission), token, ..blank })
}

/// The message before any answer, whether it is good news, and whether the user can answer.
fn current_message(opened: &Opened, language: Language) -> (&'static str, bool, bool) {
    let words = language.words();
    match (opened.invitation_status, opened.status) {
        (LinkStatus::CalledOff, _) => (words.cancelled, false, false),
        (LinkStatus::Revoked | LinkStatus::Superseded, _) => (words.revoked, false, false),
        (LinkStatus::Answered, AssignmentStatus::Accepted) => (words.already_accepted, true, false),
        (LinkStatus::Answered, AssignmentStatus::Declined) => (words.already_declined, true, false),
        (LinkStatus::Answered, _) => (words.already_answered, false, false),
        (LinkStatus::Expired, _) => (words.expired, false, false),
        (LinkStatus::Pending, AssignmentStatus::Declined) => (words.already_declined, true, false),
        (LinkStatus::Over, _) => (words.over, false, false),
        (LinkStatus::Pending, AssignmentStatus::Accepted) => (words.already_accepted, true, true),
        (LinkStatus::Pending, _) => ("", true, true),
    }
}

fn mission_shown(opened: Opened, words: &Words) -> Result<MissionShown, Error> {
    let zone = ZoneName::zone(&opened.timezone).map_err(|error| Error::internal(error))?;
    let wall_clock = |at: Timestamp| words.moment(&at.in_zone(&zone));
    Ok(MissionShown {
        org: opened.org_name,
        user: opened.user_name,
        title: opened.mission_title,
        project: opened.project_title,
        place: opened.location,
        starts: wall_clock(opened.start_at),
        ends: wall_clock(opened.end_at),
    })
}
