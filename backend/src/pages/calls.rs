//! `/calls?token=`: the calls of one mail, each with its own answer, and a yes to all that fit.

use super::{
    errors::note,
    invite::Standing,
    template::{CallsPage, Chip, Listed, Shell, lead_to, respond},
    ticket::Ticket,
    visitor::Visitor,
};
use crate::{
    auth::CallsClaims,
    error::Error,
    http::{Form, RequestInfo},
    ids::InvitationId,
    resources::{
        invitations::{self, Decision, Opened},
        mails,
    },
    secret::Secret,
    state::App,
};
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use deserr::Deserr;

const PATH: &str = "/calls";

#[derive(Debug, Deserr)]
pub struct AnswersForm {
    #[deserr(default)]
    token: Secret,
    /// `accept` or `decline` for one; `all` to accept all that fit.
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

/// Each answer stands by itself: one that is refused is shown with its reason on the page that follows.
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
    let decision = match form.answer.as_str() {
        "accept" | "all" => Decision::Accept,
        "decline" => Decision::Decline { reason: None },
        _ => return page(&app, &visitor, StatusCode::BAD_REQUEST, calls),
    };
    if calls.is_empty() {
        return page(&app, &visitor, StatusCode::BAD_REQUEST, calls);
    }
    // In the order of the page, so that of two that overlap the earlier one is taken.
    for (id, seen) in shown(&form.shown) {
        let Some((_, token)) = calls.iter().find(|(call, _)| call.invitation_id == id) else { continue };
        let Some(claims) = app.tokens.read_invite(token) else { continue };
        let answered = invitations::answer_by_link(&app, &request, &claims, decision.clone(), Some(seen));
        if let Err(error) = answered.await
            && error.failure().is_some()
        {
            return Err(error);
        }
    }
    lead_to(&visitor.address(PATH, &form.token, form.answer == "all"))
}

/// What a form says that it showed.
fn shown(text: &str) -> impl Iterator<Item = (InvitationId, &str)> {
    let pairs = text.split_whitespace().filter_map(|one| one.split_once('.'));
    pairs.filter_map(|(id, seen)| Some((id.parse().ok()?, seen)))
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
    let mut listed = Vec::with_capacity(calls.len());
    for (opened, token) in &calls {
        let standing = Standing::of_link(opened);
        let (kind, told) = standing.told(words);
        let chip = Chip { kind, word: told.map_or(words.pending, |told| told.word) };
        listed.push(Listed {
            ticket: Ticket::of(opened, None, visitor.locale, now)?,
            chip,
            title: told.map_or("", |told| told.title),
            asks: standing == Standing::Asked,
            shown: format!("{}.{}", opened.invitation_id, opened.seen),
            href: visitor.address("/invite", token, false),
        });
    }
    let waiting: Vec<_> = listed.iter().filter(|one| one.asks).map(|one| one.shown.as_str()).collect();
    let shown = waiting.join(" ");
    let (waiting, left) = (waiting.len(), listed.iter().filter(|one| one.does_not_fit()).count());
    let title = words.calls.replace("{n}", &listed.len().to_string());
    let page = CallsPage {
        shell: Shell::of(visitor, format!("{title} · {org}")),
        org: &org,
        user: &user,
        title: &title,
        calls: &listed,
        all: (waiting > 1).then_some(shown.as_str()),
        notice: visitor.done.then_some(if left > 0 { words.some_do_not_fit } else { words.all_saved }),
        good: left == 0,
        action: visitor.action(PATH),
        token: &visitor.token,
    };
    respond(status, &page)
}
