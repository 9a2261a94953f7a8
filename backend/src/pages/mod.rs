//! The pages that links lead to: answering an invitation, setting a password, stopping mails; and errors as browsers are shown them. Plain
//! HTML without scripts. A GET changes nothing, so a mail scanner that opens links does no harm, and a POST that succeeds
//! leads to a GET, so that reloading and going back are harmless.

mod calendar;
mod calls;
mod errors;
mod invite;
mod password;
mod start;
mod template;
mod ticket;
mod unsubscribe;
mod visitor;
mod words;

pub use errors::error_page;

use crate::{http::Requirements, resources::accounts::MAX_SIGN_IN_BODY, state::App};
use axum::{Router, http::Method, routing::get};

/// Not part of the API, so not in the OpenAPI document. Some mail programs put a slash behind the path of a link.
pub fn routes() -> Router<App> {
    let invite = || get(invite::show).post(invite::answer);
    let calls = || get(calls::show).post(calls::answer);
    let password = || get(password::show).post(password::set);
    let unsubscribe = || get(unsubscribe::show).post(unsubscribe::stop);
    Router::new()
        .route("/", get(start::show))
        .route(start::FAVICON, get(start::favicon))
        .route("/invite", invite())
        .route("/invite/", invite())
        .route("/invite.ics", get(calendar::show))
        .route("/invite.ics/", get(calendar::show))
        .route("/calls", calls())
        .route("/calls/", calls())
        .route("/password", password())
        .route("/password/", password())
        .route("/unsubscribe", unsubscribe())
        .route("/unsubscribe/", unsubscribe())
}

/// Where the pages differ from [`Requirements::default`].
pub const REQUIREMENTS: [(Method, &str, Requirements); 2] =
    [(Method::POST, "/password", SIGN_IN), (Method::POST, "/password/", SIGN_IN)];

const SIGN_IN: Requirements =
    Requirements { max_body: MAX_SIGN_IN_BODY, needs: None, takes_key: false, has_no_tag: true };
