//! What is answered until the database is there and its schema is current.

use super::Ground;
use crate::{
    error::{Error, FailureKind},
    http::{Boundary, boundary},
    pages, system,
};
use axum::{Router, middleware};
use std::sync::Arc;

/// Why nothing is served yet.
#[derive(Debug, thiserror::Error)]
#[error("the database is not there yet, or its schema is being brought up to date")]
struct NotYet;

/// The process lives (`/livez`) but is not ready (`/readyz`); anything else is 503, for browsers as a page.
pub fn waiting(ground: &Ground) -> Router {
    let around = Boundary {
        config: Arc::clone(&ground.config),
        random: ground.random.clone(),
        telemetry: ground.telemetry.clone(),
        error_page: pages::error_page,
    };
    system::waiting_routes(ground.cache.clone())
        .fallback(async || Error::failed(FailureKind::Unavailable, NotYet))
        .layer(middleware::from_fn_with_state(Arc::new(around), boundary))
}
