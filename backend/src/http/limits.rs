//! Limits of every request: headers, URI, body, time. The numbers are those of the security rules.

use super::{
    heads,
    refusal::{HeadersTooLarge, MalformedRequest, UriTooLong},
};
use crate::error::Error;
use axum::{
    extract::{OriginalUri, Request, State},
    http::{HeaderMap, Uri},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::time::Duration;

pub const MAX_HEADERS: usize = 64;
/// Bytes of all headers as sent, separators and line endings included.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Bytes of path and query.
pub const MAX_URI_BYTES: usize = 8 * 1024;
/// Bytes of a body where the route declares nothing; most are far smaller.
pub const MAX_BODY: usize = 64 * 1024;
/// Bytes of a body with many objects; its route declares it.
pub const MAX_BULK_BODY: usize = 2 * 1024 * 1024;

/// Bytes around a header on the wire: colon, space, CRLF.
const AROUND_A_HEADER: usize = 4;

/// Middleware. [`super::run_to_completion`] limits bodies, before and while they are received.
pub async fn limits(State(request_timeout): State<Duration>, request: Request, next: Next) -> Response {
    if let Some(fault) = heads::fault(&request) {
        return Error::from(MalformedRequest { what: fault }).into_response();
    }
    if size(sent_uri(&request)) > MAX_URI_BYTES {
        return Error::from(UriTooLong).into_response();
    }
    let headers = request.headers();
    if headers.len() > MAX_HEADERS || bytes(headers) > MAX_HEADER_BYTES {
        return Error::from(HeadersTooLarge).into_response();
    }
    match tokio::time::timeout(request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::timed_out().into_response(),
    }
}

/// As the client sent it, before custom verbs were rewritten.
fn sent_uri(request: &Request) -> &Uri {
    request.extensions().get::<OriginalUri>().map_or(request.uri(), |OriginalUri(uri)| uri)
}

fn size(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |path| path.as_str().len())
}

fn bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + AROUND_A_HEADER).sum()
}
