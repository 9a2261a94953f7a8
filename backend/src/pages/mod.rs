//! The pages that printed links lead to: answering an invitation, setting a password. Plain HTML that needs no script;
//! only a click on a button, a POST, changes anything, so a mail scanner that opens links does no harm.

mod invite;
mod password;
mod template;
mod words;

use crate::{http::Door, resources::accounts::MAX_SIGN_IN_BODY, state::App};
use axum::{
    Router,
    http::{HeaderMap, HeaderValue, Method, header},
    routing::get,
};

/// The routes. They are not part of the API, so the OpenAPI document leaves them out.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/invite", get(invite::show).post(invite::answer))
        .route("/password", get(password::show).post(password::set))
}

/// What the pages take, where that differs from other addresses.
pub const DOORS: [(Method, &str, Door); 1] = [(
    Method::POST,
    "/password",
    Door { max_body: MAX_SIGN_IN_BODY, needs: None, takes_key: false, has_no_tag: true },
)];

/// The address of a page. What mail programs and link trackers add to it is none of its business.
#[derive(Debug, deserr::Deserr)]
struct PageQuery {
    #[deserr(default)]
    token: crate::secret::Secret,
}

/// A page whose address carries a secret: kept out of caches, of `Referer` headers, and of frames. The style is in the
/// page itself; nothing else may load or run.
fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}
