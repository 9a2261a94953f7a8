//! The outermost middleware: assigns the request id, renders errors as problem+json or, for browsers, as pages, and records the request
//! ([`super::watch`]: log line, metrics, span).

use super::{RequestInfo, client::client, watch::Watched};
use crate::{
    config::{Config, Environment},
    error::{Error, FailureKind},
    random::Random,
    telemetry::Telemetry,
};
use axum::{
    Json,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{error::Error as _, net::SocketAddr, sync::Arc, time::Instant};

pub struct Boundary {
    pub config: Arc<Config>,
    pub random: Random,
    pub telemetry: Telemetry,
    pub error_page: ErrorPage,
}

/// Renders an error as a page; `None` when it cannot. What the pages look like is not known here.
pub type ErrorPage = fn(&Error, &Looking) -> Option<Response>;

/// A request of a browser that shows what it gets.
#[derive(Debug)]
pub struct Looking {
    pub config: Arc<Config>,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub request: RequestInfo,
}

impl Looking {
    /// `None` for a program's request: one to the API, or that does not name HTML among what it takes.
    fn of(request: &Request, config: &Arc<Config>, info: &RequestInfo) -> Option<Self> {
        let path = request.uri().path();
        let is_api = path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let mut accepted = request.headers().get_all(header::ACCEPT).iter();
        if is_api || !accepted.any(|value| value.to_str().is_ok_and(|value| value.contains("text/html"))) {
            return None;
        }
        Some(Self {
            config: Arc::clone(config),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            request: info.clone(),
        })
    }
}

pub async fn boundary(State(uses): State<Arc<Boundary>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let info = RequestInfo::new(request.headers(), &uses.config.request_id_header, &uses.random);
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        info.note_client(client(peer.ip(), request.headers(), &uses.config.trusted_proxies));
    }
    request.extensions_mut().insert(info.clone());
    let watched = Watched::new(started, &uses.telemetry, &info, &request);
    let looking = Looking::of(&request, &uses.config, &info);

    let mut response = next.run(request).await;
    info.end_turn();
    if let Some(error) = response.extensions_mut().remove::<Error>() {
        log_cause(&error, &info);
        if error.failure() == Some(FailureKind::StorageFull) {
            uses.telemetry.metrics.storage_was_full();
        }
        let page = looking.and_then(|looking| (uses.error_page)(&error, &looking));
        response = render(&error, response, &info, page);
    }
    secure(&mut response, &uses.config);
    if let Ok(id) = HeaderValue::from_str(&info.to_string()) {
        response.headers_mut().insert(uses.config.request_id_header.clone(), id);
    }
    watched.answered(response.status());
    response
}

/// Security headers of every response; a page may set its own, except for HSTS.
fn secure(response: &mut Response, config: &Config) {
    let headers = response.headers_mut();
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    // HSTS for two years; a developer's machine has no TLS.
    if config.environment != Environment::Dev {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
}

/// Replaces the body by the page or the problem and adds the headers of its status; other headers (`Allow`, CORS) stay.
fn render(error: &Error, response: Response, info: &RequestInfo, page: Option<Response>) -> Response {
    let (mut parts, _) = response.into_parts();
    let headers = &mut parts.headers;
    // It was that of the error's empty body.
    headers.remove(header::CONTENT_LENGTH);
    let body = match page.map(Response::into_parts) {
        Some((page, body)) => {
            headers.extend(page.headers);
            body
        }
        None => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
            Json(error.problem(&info.to_string())).into_response().into_body()
        }
    };
    if parts.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = error.retry_after() {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    Response::from_parts(parts, body)
}

/// The only place where a failed request is logged, with the chain of causes.
fn log_cause(error: &Error, info: &RequestInfo) {
    let Error::Failed(failure) = error else { return };
    let Some(cause) = &failure.cause else { return };
    let mut chain = cause.to_string();
    let mut source = cause.source();
    while let Some(error) = source {
        chain.push_str(": ");
        chain.push_str(&error.to_string());
        source = error.source();
    }
    let (code, at) = (error.status_and_code().1, failure.at);
    // These need an operator.
    if matches!(failure.kind, FailureKind::Internal | FailureKind::StorageFull | FailureKind::OutcomeUnknown)
    {
        tracing::error!(request_id = %info, trace_id = info.trace_id(), code, %at, cause = chain, "request failed");
    } else {
        tracing::warn!(request_id = %info, trace_id = info.trace_id(), code, %at, cause = chain, "request refused");
    }
}
