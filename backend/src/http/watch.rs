//! Records a request once when it is over: log line, metrics, span. Also when it is cancelled because the client hung up.

use super::{RequestInfo, verbs::public_path};
use crate::telemetry::{ServerSpan, Telemetry};
use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode, Uri},
};
use std::time::Instant;

/// The status in log and metrics when the client hung up before the response: nginx's.
const CLIENT_GONE: u16 = 499;

/// Bytes of a path that are recorded; ours are shorter, and a client must not fill the queue of spans.
const LONGEST_PATH: usize = 1024;

/// A request in progress. Dropping it records the outcome.
pub(super) struct Watched {
    started: Instant,
    telemetry: Telemetry,
    info: RequestInfo,
    method: Method,
    uri: Uri,
    route: Option<MatchedPath>,
    status: Option<StatusCode>,
}

impl Watched {
    pub(super) fn new(
        started: Instant,
        telemetry: &Telemetry,
        info: &RequestInfo,
        request: &Request,
    ) -> Self {
        telemetry.metrics.begun();
        Self {
            started,
            telemetry: telemetry.clone(),
            info: info.clone(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            route: request.extensions().get().cloned(),
            status: None,
        }
    }

    pub(super) fn answered(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        let status = self.status.map(|status| status.as_u16());
        let route = self.route.as_ref().map(|route| public_path(route.as_str()));
        let (method, route) = (self.method.as_str(), route.as_deref());
        let path = public_path(self.uri.path());
        let path = &path[..path.floor_char_boundary(LONGEST_PATH)];
        self.telemetry.metrics.finished(method, route, status.unwrap_or(CLIENT_GONE), took);
        self.telemetry.trace(self.info.parent(), || ServerSpan {
            trace_id: self.info.trace_id(),
            method,
            route,
            path,
            status,
            took,
        });
        // The fields are not evaluated when the level is off.
        tracing::info!(
            request_id = %self.info,
            trace_id = self.info.trace_id(),
            method,
            path,
            route,
            status = status.unwrap_or(CLIENT_GONE),
            duration_ms = (took.as_secs_f64() * 1_000_000.0).round() / 1000.0,
            org_id = self.info.caller().map(|(org, _)| tracing::field::display(org)),
            account_id = self.info.caller().map(|(_, account)| tracing::field::display(account)),
            "request"
        );
    }
}
