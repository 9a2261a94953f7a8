//! The pages that links lead to: answering an invitation, setting a password. Plain HTML without scripts. A GET changes
//! nothing, so a mail scanner that opens links does no harm.

mod invite;
mod password;
mod template;
mod words;

use crate::{http::Requirements, resources::accounts::MAX_SIGN_IN_BODY, state::App};
use axum::{
    Router,
    http::{HeaderMap, HeaderValue, Method, header},
    routing::get,
};

/// Not part of the API, so not in the OpenAPI document.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/invite", get(invite::show).post(invite::answer))
        .route("/password", get(password::show).post(password::set))
}

/// Where the pages differ from [`Requirements::default`].
pub const REQUIREMENTS: [(Method, &str, Requirements); 1] = [(
    Method::POST,
    "/password",
    Requirements { max_body: MAX_SIGN_IN_BODY, needs: None, takes_key: false, has_no_tag: true },
)];

/// Other parameters, which mail programs and link trackers add, are ignored.
#[derive(Debug, deserr::Deserr)]
struct PageQuery {
    #[deserr(default)]
    token: crate::secret::Secret,
}

/// The URL contains a secret, so pages are kept out of caches, `Referer` headers and frames. The style is inline; nothing
/// else may load or run.
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
