//! `/calls?token=`: the calls of one mail, each with its own answer, and a yes to all that fit.

use super::{
    errors::note,
    invite::Standing,
    template::{CallsPage, Chip, Listed, Shell, lead_to, respond},
    ticket::Ticket,
    visitor::{Outcome, Visitor},
    words::Words,
};
use crate::{
    auth::CallsClaims,
    error::Error,
    http::{Form, RequestInfo},
    ids::InvitationId,
    resources::{
        invitations::{self, ChangedSinceSeen, Decision, Opened, Seen},
        mails,
    },
    secret::Secret,
    state::App,
    words::words,
};
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use deserr::Deserr;
use std::collections::HashMap;

const PATH: &str = "/calls";
/// Old values are told of as many calls as an address has room for, in bytes.
const ROOM: usize = 4000;

words! {
    /// What can be sent.
    pub enum Sent {
        Accept = "accept",
        Decline = "decline",
        /// A yes to all that fit.
        All = "all",
    }
}

#[derive(Debug, Deserr)]
pub struct AnswersForm {
    #[deserr(default)]
    token: Secret,
    /// One of [`Sent`].
    #[deserr(default)]
    answer: String,
    /// What was shown: of each call its id, a point, and its `seen`; with spaces between calls.
    #[deserr(default)]
    shown: String,
}

pub async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Error> {
    let calls = match app.tokens.read_calls(&visitor.token) {
        Some(claims) => open(&app, &claims).await?,
        None => Vec::new(),
    };
    page(&app, &visitor, StatusCode::OK, calls)
}

/// Each answer stands by itself. The page that follows says whether one was refused, and shows it with what is in the way or
/// with its old time and place.
pub async fn answer(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    mut visitor: Visitor,
    Form(form): Form<AnswersForm>,
) -> Result<Response, Error> {
    visitor.token = form.token.clone();
    let calls = match app.tokens.read_calls(&form.token) {
        Some(claims) => open(&app, &claims).await?,
        None => Vec::new(),
    };
    let sent: Sent = match form.answer.parse() {
        Ok(sent) if !calls.is_empty() => sent,
        _ => return page(&app, &visitor, StatusCode::BAD_REQUEST, calls),
    };
    let decision = match sent {
        Sent::Accept | Sent::All => Decision::Accept,
        Sent::Decline => Decision::Decline { reason: None },
    };
    let mut outcome = Outcome { done: sent == Sent::All, ..Outcome::default() };
    let shown: HashMap<_, _> = shown(&form.shown).collect();
    // In the order of the page, so that of two that overlap the earlier one is taken.
    for (call, token) in &calls {
        let Some(seen) = shown.get(&call.invitation_id) else { continue };
        let Some(claims) = app.tokens.read_invite(token) else { continue };
        match invitations::answer_by_link(&app, &request, &claims, decision.clone(), Some(seen)).await {
            Ok(_) => {}
            Err(error) if error.failure().is_some() => return Err(error),
            Err(error) => {
                outcome.refused = true;
                let room = ROOM.saturating_sub(outcome.was.iter().map(String::len).sum());
                let was = Seen::decode(seen).filter(|_| error.is::<ChangedSinceSeen>());
                let was = was.map(|seen| format!("{}.{}", call.invitation_id, seen.encode()));
                outcome.was.extend(was.filter(|was| was.len() <= room));
            }
        }
    }
    lead_to(&visitor.address(PATH, &form.token, &outcome))
}

/// What a form says that it showed.
fn shown(text: &str) -> impl Iterator<Item = (InvitationId, &str)> {
    text.split_whitespace().filter_map(of_call)
}

fn of_call(text: &str) -> Option<(InvitationId, &str)> {
    let (id, seen) = text.split_once('.')?;
    Some((id.parse().ok()?, seen))
}

/// What became of what was sent, and whether that is good news.
fn notice(outcome: &Outcome, listed: &[Listed], words: &Words) -> Option<(&'static str, bool)> {
    let left = listed.iter().any(Listed::does_not_fit);
    match outcome {
        Outcome { was, .. } if !was.is_empty() => Some((words.some_changed, false)),
        Outcome { refused: true, done: false, .. } => Some((words.one_refused, false)),
        Outcome { done: true, refused, .. } if *refused || left => Some((words.some_do_not_fit, false)),
        Outcome { done: true, .. } => Some((words.all_saved, true)),
        Outcome { .. } => None,
    }
}

/// The calls of a mail as they stand, and the tokens of their own links; none when the link is dead.
async fn open(app: &App, claims: &CallsClaims) -> Result<Vec<(Opened, String)>, Error> {
    let Some(carried) = mails::carried(&app.db, claims.org, claims.mail).await? else {
        return Ok(Vec::new());
    };
    let now = app.db.clock().now();
    let to = (claims.org, carried.address.as_str());
    invitations::open_all(&app.db, &app.tokens, to, carried.invitations, now).await
}

fn page(
    app: &App,
    visitor: &Visitor,
    status: StatusCode,
    calls: Vec<(Opened, String)>,
) -> Result<Response, Error> {
    let (words, now) = (visitor.words(), app.db.clock().now());
    let Some((first, _)) = calls.first() else {
        return respond(StatusCode::BAD_REQUEST, &note(visitor, &words.invalid, None));
    };
    let (org, user) = (first.org_name.clone(), first.user_name.clone());
    let was: HashMap<_, _> = visitor.outcome.was.iter().filter_map(|text| of_call(text)).collect();
    let mut listed = Vec::with_capacity(calls.len());
    for (opened, token) in &calls {
        let was = was.get(&opened.invitation_id).and_then(|seen| Seen::decode(seen));
        let standing = Standing::of_link(opened, was.is_some());
        let was = was.or_else(|| opened.known());
        let (kind, told) = standing.told(words);
        let chip = Chip { kind, word: told.map_or(words.pending, |told| told.word) };
        listed.push(Listed {
            ticket: Ticket::of(opened, was.as_ref(), visitor.locale, now)?,
            chip,
            title: told.map_or("", |told| told.title),
            asks: standing.asks(),
            shown: format!("{}.{}", opened.invitation_id, opened.seen),
            href: visitor.address("/invite", token, &Outcome::default()),
        });
    }
    let waiting: Vec<_> = listed.iter().filter(|one| one.asks).map(|one| one.shown.as_str()).collect();
    let shown = waiting.join(" ");
    let waiting = waiting.len();
    let notice = notice(&visitor.outcome, &listed, words);
    let title = words.calls.replace("{n}", &listed.len().to_string());
    let page = CallsPage {
        shell: Shell::of(visitor, format!("{title} · {org}")),
        org: &org,
        user: &user,
        title: &title,
        calls: &listed,
        all: (waiting > 1).then_some(shown.as_str()),
        notice: notice.map(|(text, _)| text),
        good: notice.is_some_and(|(_, good)| good),
        action: visitor.action(PATH),
        token: &visitor.token,
    };
    respond(status, &page)
}
