//! `/unsubscribe?token=`: asks whether to stop the mails of an org, and stops them. The same address takes the POST of a mail
//! program (RFC 8058), which sends no form of ours: its token is in the query.

use super::{
    errors::note,
    template::{Kind, Shell, UnsubscribePage, lead_to, respond},
    visitor::{Outcome, Visitor},
};
use crate::{
    auth::UnsubscribeClaims,
    error::Error,
    http::{Form, RequestInfo},
    resources::orgs,
    secret::Secret,
    state::App,
};
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use deserr::Deserr;

const PATH: &str = "/unsubscribe";

pub async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Error> {
    let link = app.tokens.read_unsubscribe(&visitor.token);
    page(&app, &visitor, link).await
}

#[derive(Debug, Deserr)]
pub struct Sent {
    #[deserr(default)]
    token: Secret,
}

/// What else a mail program's body says is not looked at: whoever sends the token by POST wants no more mails.
pub async fn stop(
    State(app): State<App>,
    Extension(request): Extension<RequestInfo>,
    mut visitor: Visitor,
    Form(sent): Form<Sent>,
) -> Result<Response, Error> {
    let in_one_click = sent.token.is_empty();
    if !in_one_click {
        visitor.token = sent.token;
    }
    let link = app.tokens.read_unsubscribe(&visitor.token);
    if let Some(claims) = &link {
        orgs::unsubscribe(&app, &request, claims).await?;
        if !in_one_click {
            return lead_to(&visitor.address(PATH, &visitor.token, &Outcome::default()));
        }
    }
    page(&app, &visitor, link).await
}

/// What the link says as things stand now.
async fn page(app: &App, visitor: &Visitor, link: Option<UnsubscribeClaims>) -> Result<Response, Error> {
    let words = visitor.words();
    let found = match link {
        Some(UnsubscribeClaims { org, account, .. }) => orgs::subscription(&app.db, org, account).await?,
        None => None,
    };
    let Some(subscription) = found else {
        return respond(StatusCode::BAD_REQUEST, &note(visitor, &words.invalid, None));
    };
    let asks = subscription.is_open();
    let (kind, told) =
        if asks { (Kind::Asked, &words.unsubscribe) } else { (Kind::Accepted, &words.unsubscribed) };
    let page = UnsubscribePage {
        shell: Shell::of(visitor, format!("{} · {}", told.title, subscription.org_name)),
        org: subscription.org_name,
        kind,
        told,
        asks,
        action: visitor.action(PATH),
        token: &visitor.token,
    };
    respond(StatusCode::OK, &page)
}
