//! `/invite.ics?token=`: a call as a calendar file.

use super::{
    errors::note,
    template::{lead_to, respond},
    visitor::{Outcome, Visitor},
};
use crate::{
    auth::InvalidToken,
    error::Error,
    ical::{Calendar, Method},
    resources::{assignments::AssignmentStatus, feeds, invitations},
    state::App,
};
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

const FILE: HeaderValue = HeaderValue::from_static("attachment; filename=\"call.ics\"");
const KIND: HeaderValue = HeaderValue::from_static("text/calendar; charset=utf-8; method=PUBLISH");

pub async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Error> {
    let dead = || respond(StatusCode::BAD_REQUEST, &note(&visitor, &visitor.words().invalid, None));
    let Some(claims) = app.tokens.read_invite(&visitor.token) else { return dead() };
    let opened = match invitations::open(&app.db, &claims, app.db.clock().now()).await {
        Ok(opened) => opened,
        Err(error) if error.is::<InvalidToken>() => return dead(),
        Err(error) => return Err(error),
    };
    if !matches!(opened.status, AssignmentStatus::Invited | AssignmentStatus::Accepted) {
        // There it is said why.
        return lead_to(&visitor.address("/invite", &visitor.token, &Outcome::default()));
    }
    let entries = feeds::entries_of(&app.db, claims.org, vec![opened.assignment_id]).await?;
    let url = invitations::link(&app.config.public_url, &visitor.token);
    let event = |entry: &feeds::Entry| entry.event(visitor.locale, &opened.contact, Some(url.clone().into()));
    let events = entries.iter().map(event).collect();
    let file = Calendar { method: Method::Publish, name: None, events }.to_ics();
    let headers = [(header::CONTENT_TYPE, KIND), (header::CONTENT_DISPOSITION, FILE)];
    Ok((headers, file.to_string()).into_response())
}
