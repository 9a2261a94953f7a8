//! Writes run to their end. A request that may change something runs in a task of its own: a client that hangs up
//! cannot stop it between two statements, and shutting down waits for it. When it loses a race in the database
//! (serialization failure, deadlock, SQLITE_BUSY) it is run again from the start, unseen by the client: its transaction
//! was undone as a whole.

use super::{
    IdempotencyKey, MAX_BODY, Precondition, RequestInfo, RouteRequirements,
    receive::{Received, receive},
    refusal::PreconditionFailed,
    verbs,
};
use crate::{
    error::{Error, FailureKind},
    fair::Fair,
    ids::OrgId,
    role::Role,
    telemetry::Metrics,
};
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use backon::{ExponentialBuilder, Retryable};
use std::{sync::Arc, time::Duration};
use tokio_util::task::TaskTracker;

/// Bulk bodies up to so many bytes (some dozen objects) need no turn.
const SMALL_BULK: usize = 8 * 1024;

/// Decides who may send a body before it is read.
pub trait Admit: Send + Sync + 'static {
    /// The org that the request acts in, if its sender is a member with at least the role `needs`.
    fn admit(&self, parts: &mut Parts, needs: Role) -> impl Future<Output = Result<OrgId, Error>> + Send;
}

pub struct Completion<A> {
    pub requirements: RouteRequirements,
    pub gate: A,
    /// Bytes for bodies that are received or worked on.
    pub bodies: Fair,
    pub bulks: Fair,
    pub tasks: TaskTracker,
    pub metrics: Metrics,
    pub request_timeout: Duration,
}

pub async fn run_to_completion<A: Admit>(
    State(completion): State<Arc<Completion<A>>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    run(&completion, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn run<A: Admit>(completion: &Completion<A>, request: Request, next: Next) -> Result<Response, Error> {
    let requirements = completion.requirements.of(&request);
    let (mut parts, body) = request.into_parts();
    // Before the work starts, so that a slow sender holds neither a turn nor a connection.
    let Received { bytes, tenant, room } = receive(completion, requirements, &mut parts, body).await?;
    let info = RequestInfo::of(&parts.extensions);
    if requirements.takes_key
        && let Some(key) = IdempotencyKey::of(&parts, &bytes)?
    {
        info.note_idempotency_key(key);
    }
    if !Precondition::of(&parts.headers, info.clone()).holds_without_a_tag() {
        if requirements.has_no_tag {
            return Err(PreconditionFailed.into());
        }
        info.require_condition_check();
    }
    // A thousand missions take some megabytes until they are written, and where connections are short, those who want many
    // things must not keep those waiting who want one. What has no turn after half of a request's time is not begun,
    // because its client would be gone before its end.
    let many = requirements.max_body > MAX_BODY && bytes.len() > SMALL_BULK;
    let turn = match many {
        true => Some(completion.bulks.take(tenant, 1, completion.request_timeout / 2).await?),
        false => None,
    };
    let client = info.client_waits();
    let rerun = Rerun { operation: operation(&parts), metrics: completion.metrics.clone(), request: info };
    let work = completion.tasks.spawn(async move {
        let _held = (turn, room);
        let attempt = async || {
            let request = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
            let response = next.clone().run(request).await;
            let failure = response.extensions().get::<Error>().and_then(Error::failure);
            if failure == Some(FailureKind::Contended) { Err(response) } else { Ok(response) }
        };
        let rerun = |response: &Response, _| rerun.note(response.extensions().get());
        attempt.retry(attempts()).notify(rerun).await.unwrap_or_else(|response| response)
    });
    let response = work.await.map_err(|error| Error::internal(error));
    // Writes that the handler left in the background (a password reset) carry the same token: dropping the guard would cancel
    // them.
    client.disarm();
    response
}

/// What a transaction is called in the log and the metrics: the method and route that it is of.
fn operation(parts: &Parts) -> String {
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    format!("{} {}", parts.method, verbs::public_path(route))
}

/// Tells of a transaction that lost a race and is run again: counted and logged by its name.
pub struct Rerun {
    pub operation: String,
    pub metrics: Metrics,
    pub request: RequestInfo,
}

impl Rerun {
    pub fn note(&self, lost_by: Option<&Error>) {
        self.metrics.transaction_rerun(&self.operation);
        let cause = lost_by.and_then(Error::cause);
        let (request_id, operation) = (&self.request, &self.operation);
        tracing::info!(%request_id, operation, cause = ?cause, "a transaction lost a race and is run again");
    }
}

/// How often, and after which pauses, work that lost a race is begun again.
pub fn attempts() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(200))
        .with_max_times(6)
        .with_jitter()
}
