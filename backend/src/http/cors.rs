//! CORS: browsers may call the API from the origins in CORS_ORIGINS, with credentials. Other origins get a response without
//! CORS headers, which the browser withholds from the page.

use crate::config::Config;
use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::Response,
};
use std::{sync::Arc, time::Duration};
use tower::{Layer, ServiceExt};
use tower_http::cors::CorsLayer;

/// How long a browser may cache a preflight: Chromium's maximum.
const MAX_AGE: Duration = Duration::from_secs(7200);

/// The allowed origins, and the layer that responds to them.
#[derive(Debug, Clone)]
pub struct Cors(Arc<(Vec<HeaderValue>, CorsLayer)>);

impl Cors {
    pub fn of(config: &Config) -> Self {
        let own = |name| HeaderName::from_static(name);
        let id = &config.request_id_header;
        let methods = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let sent = [
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            own("idempotency-key"),
            own("last-event-id"),
            own("traceparent"),
            id.clone(),
        ];
        let shown = [
            header::ETAG,
            header::LINK,
            header::RETRY_AFTER,
            own("idempotency-replayed"),
            own("x-cache"),
            id.clone(),
        ];
        let layer = CorsLayer::new()
            .allow_origin(config.cors_origins.clone())
            .allow_credentials(true)
            .allow_methods(methods)
            .allow_headers(sent)
            .expose_headers(shown)
            .max_age(MAX_AGE);
        Self(Arc::new((config.cors_origins.clone(), layer)))
    }
}

pub async fn cors(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    let (origins, layer) = &*cors.0;
    if origins.is_empty() {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    if origin.is_some_and(|origin| origins.contains(origin)) {
        let asks = request.method() == Method::OPTIONS;
        let mut response = match layer.layer(next).oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if asks {
            // As for every other OPTIONS.
            *response.status_mut() = StatusCode::NO_CONTENT;
        }
        return response;
    }
    let mut response = next.run(request).await;
    // A shared cache must not serve one origin's response to another.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    response
}
