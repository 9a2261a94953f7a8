//! Writes run to their end. A request that may change something runs in a task of its own: a client that hangs up
//! cannot stop it between two statements, and shutting down waits for it. When it loses a race in the database
//! (serialization failure, deadlock, SQLITE_BUSY) it is run again from the start, unseen by the client: its transaction
//! was undone as a whole.

use super::{
    IdempotencyKey, Precondition, RequestInfo,
    limits::{MAX_BODY, max_body},
    verbs,
};
use crate::{app::App, error::Error};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use backon::{ExponentialBuilder, Retryable};
use std::{sync::Arc, time::Duration};
use tokio::sync::OwnedSemaphorePermit;

/// Bytes of a bulk request that is as quickly done as any other: some dozen objects.
const FEW: usize = 8 * 1024;

/// Middleware; see the module.
pub async fn run_to_completion(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // Read before the work starts, so that a slow sender holds no transaction open.
    let limit = max_body(&verbs::public_path(parts.uri.path()));
    // Who is not signed in will be refused anyway, and must not make the server hold so much before.
    let stranger = limit > MAX_BODY && !app.is_signed(&parts.headers);
    let limit = if stranger { MAX_BODY } else { limit };
    let body = match to_bytes(body, limit).await {
        Ok(body) => body,
        Err(error)
            if std::error::Error::source(&error)
                .is_some_and(|e| e.is::<http_body_util::LengthLimitError>()) =>
        {
            let error = if stranger { Error::Unauthenticated } else { Error::TooLarge(limit) };
            return error.into_response();
        }
        Err(_) => {
            return Error::Malformed("the connection ended before the body was complete".into())
                .into_response();
        }
    };
    let info = RequestInfo::of(&parts.extensions);
    match IdempotencyKey::of(&parts, &body) {
        Ok(Some(key)) => info.note_idempotency_key(key),
        Ok(None) => {}
        Err(error) => return error.into_response(),
    }
    if !Precondition::of(&parts.headers, info.clone()).holds_without_a_tag() {
        if has_no_tags(&parts) {
            return Error::PreconditionFailed.into_response();
        }
        info.note_condition();
    }
    let many = limit > MAX_BODY && body.len() > FEW;
    let turn = match if many { turn(&app).await.map(Some) } else { Ok(None) } {
        Ok(turn) => turn,
        Err(error) => return error.into_response(),
    };
    let work = app.tasks.spawn(async move {
        let _turn = turn;
        let attempt = async || {
            let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
            let response = next.clone().run(request).await;
            let contended = matches!(response.extensions().get(), Some(Error::Contended(_)));
            if contended { Err(response) } else { Ok(response) }
        };
        attempt.retry(attempts()).await.unwrap_or_else(|response| response)
    });
    work.await.unwrap_or_else(|panic| Error::internal(panic).into_response())
}

/// What signs in, and sets a password by a link, acts on nothing with a tag and commits without [`Writing`](super::Writing),
/// which refuses a condition that nothing was compared with.
fn has_no_tags(parts: &Parts) -> bool {
    let path = parts.uri.path();
    parts.method == Method::POST && (path.contains("/auth/") || path == "/password")
}

/// Bulk requests take turns: a thousand missions take some megabytes until they are written, and where connections are short,
/// those who want many things must not keep those waiting who want one. What has no turn after half of a request's time
/// is not begun, because its client would be gone before its end.
async fn turn(app: &App) -> Result<OwnedSemaphorePermit, Error> {
    let turn = Arc::clone(&app.turns).acquire_owned();
    let turn = tokio::time::timeout(app.config.request_timeout / 2, turn).await;
    turn.map_err(|_| Error::Unavailable(Arc::new(NoTurn)))?.map_err(Error::internal)
}

#[derive(Debug, thiserror::Error)]
#[error("too many bulk requests at once: none of them ended in time")]
struct NoTurn;

/// How often, and after which pauses, work that lost a race is begun again.
pub fn attempts() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(200))
        .with_max_times(6)
        .with_jitter()
}
