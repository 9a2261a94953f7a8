//! Writes run to their end. A request that may change something runs in a task of its own: a client that hangs up
//! cannot stop it between two statements, and shutting down waits for it. When it loses a race in the database
//! (serialization failure, deadlock, SQLITE_BUSY) it is run again from the start, unseen by the client: its transaction
//! was undone as a whole.

use super::{
    Doors, IdempotencyKey, MAX_BODY, Precondition, RequestInfo,
    receive::{Received, receive},
};
use crate::{app::App, error::Error};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use backon::{ExponentialBuilder, Retryable};
use std::time::Duration;

/// Bytes of a bulk request that is as quickly done as any other: some dozen objects.
const FEW: usize = 8 * 1024;

/// Middleware; see the module.
pub async fn run_to_completion(
    State((app, doors)): State<(App, Doors)>,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    run(app, doors, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn run(app: App, doors: Doors, request: Request, next: Next) -> Result<Response, Error> {
    let door = doors.of(&request);
    let (mut parts, body) = request.into_parts();
    // Before the work starts, so that a slow sender holds neither a turn nor a connection.
    let Received { bytes, tenant, room } = receive(&app, door, &mut parts, body).await?;
    let info = RequestInfo::of(&parts.extensions);
    if let Some(key) = IdempotencyKey::of(&parts, &bytes)? {
        info.note_idempotency_key(key);
    }
    if !Precondition::of(&parts.headers, info.clone()).holds_without_a_tag() {
        if has_no_tags(&parts) {
            return Err(Error::PreconditionFailed);
        }
        info.note_condition();
    }
    // A thousand missions take some megabytes until they are written, and where connections are short, those who want many
    // things must not keep those waiting who want one. What has no turn after half of a request's time is not begun,
    // because its client would be gone before its end.
    let many = door.max_body > MAX_BODY && bytes.len() > FEW;
    let turn = match many {
        true => Some(app.turns.take(tenant, 1, app.config.request_timeout / 2).await?),
        false => None,
    };
    let client = info.client_waits();
    let work = app.tasks.spawn(async move {
        let _held = (turn, room);
        let attempt = async || {
            let request = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
            let response = next.clone().run(request).await;
            let contended = matches!(response.extensions().get(), Some(Error::Contended(_)));
            if contended { Err(response) } else { Ok(response) }
        };
        attempt.retry(attempts()).await.unwrap_or_else(|response| response)
    });
    let response = work.await.map_err(Error::internal);
    // What the request left to be done in the background goes on.
    client.disarm();
    response
}

/// What signs in, and sets a password by a link, acts on nothing with a tag and commits without [`Writing`](super::Writing),
/// which refuses a condition that nothing was compared with.
fn has_no_tags(parts: &Parts) -> bool {
    let path = parts.uri.path();
    parts.method == Method::POST && (path.contains("/auth/") || path == "/password")
}

/// How often, and after which pauses, work that lost a race is begun again.
pub fn attempts() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(200))
        .with_max_times(6)
        .with_jitter()
}
