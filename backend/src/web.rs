//! `/app/`: the web application, whose files are in the program (crate `coulisses_web`). Which of its screens is shown is in the
//! fragment of the address, so one page serves all of them, and every address in it is relative: it works below any folder.

use crate::{
    error::{Error, NotFound},
    state::App,
};
use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// Scripts and styles are files of ours, HTML is made of strings by Svelte's own policy alone, and calls go to this origin only.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
    font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

const SECURITY: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asked for each time, and answered with 304 while it is the same.
const LATEST: HeaderValue = HeaderValue::from_static("no-cache");

const INDEX: &str = "index.html";

/// Not part of the API, so not in the OpenAPI document.
pub fn routes() -> Router<App> {
    Router::new().route("/app", get(lead_in)).route("/app/", get(show)).route("/app/{*path}", get(show))
}

/// Relative, because a proxy may have taken a folder off.
async fn lead_in() -> Response {
    (StatusCode::PERMANENT_REDIRECT, SECURITY, [(header::LOCATION, "app/")]).into_response()
}

async fn show(uri: Uri, headers: HeaderMap) -> Result<Response, Error> {
    // As it was sent: no name of a file needs an escape.
    let path = uri.path().strip_prefix("/app/").unwrap_or_default();
    let file = coulisses_web::find(if path.is_empty() { INDEX } else { path }).ok_or(NotFound)?;
    let form = file.form(&accepted(&headers));
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.content_type)),
        (header::ETAG, HeaderValue::from_static(file.tag)),
        (header::CACHE_CONTROL, if file.is_immutable() { FOREVER } else { LATEST }),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    let encoding = form.encoding.map(|encoding| [(header::CONTENT_ENCODING, encoding)]);
    Ok((SECURITY, about, encoding, form.bytes).into_response())
}

/// What all `Accept-Encoding` say together (RFC 9110 section 5.3).
fn accepted(headers: &HeaderMap) -> String {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}
