//! Assembles the router and its layers from the routes of all resources. [`start`] builds its state.

mod periodic;
mod start;
mod waiting;

pub use periodic::periodic;
pub use start::{Ground, Later, StartError, start, start_on, start_with};
pub use waiting::waiting;

use crate::{
    error::{Error, NotFound},
    http::{
        Completion, Cors, MethodNotAllowed, RouteRequirements, boundary, compress, cors, limits,
        not_modified, run_to_completion,
        verbs::{FirstNames, to_internal},
    },
    openapi, pages,
    resources::{self, availabilities},
    state::App,
    system, web,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{Method, StatusCode},
    middleware,
    response::{IntoResponse, Response},
};
use std::{
    any::Any,
    sync::{Arc, OnceLock},
};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Resources that had another name in the first version of the API, and are still served under it.
pub const FIRST_NAMES: FirstNames = FirstNames(&[availabilities::FIRST_NAME]);

/// The OpenAPI document of the routes that are served.
pub fn document() -> serde_json::Value {
    openapi::publish(api().1, FIRST_NAMES)
}

/// The routes of the API, and their document without what all operations have in common.
fn api() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(system::routes())
        .nest("/api/v1", resources::routes().merge(system::api_routes()))
        .split_for_parts()
}

/// What a service has of its OpenAPI document.
struct Documented {
    requirements: RouteRequirements,
    texts: openapi::Texts,
}

impl Documented {
    fn new(document: OpenApi) -> Self {
        let document = openapi::publish(document, FIRST_NAMES);
        let requirements = RouteRequirements::new(&document, &pages::REQUIREMENTS);
        Self { requirements, texts: openapi::Texts::of(document) }
    }
}

/// Made once for each process: it takes longer than all the rest of a start, and tests start thousands of services.
static DOCUMENTED: OnceLock<Documented> = OnceLock::new();

/// The whole service. The paths of custom verbs are rewritten in front of the router, because its own layers run after
/// routing.
pub fn service(app: App) -> Router {
    let (router, document) = api();
    let documented = DOCUMENTED.get_or_init(|| Documented::new(document));
    let completion = Completion {
        requirements: documented.requirements.clone(),
        gate: app.gate.clone(),
        bodies: app.bodies.clone(),
        bulks: app.bulks.clone(),
        tasks: app.tasks.clone(),
        metrics: app.telemetry.metrics.clone(),
        request_timeout: app.config.request_timeout,
    };
    // From the outside in. They are one layer, because the router boxes each layer.
    let around = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(Arc::new(app.boundary(pages::error_page)), boundary))
        .layer(middleware::from_fn_with_state(Cors::of(&app.config), cors))
        .layer(middleware::from_fn_with_state(app.config.request_timeout, limits))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn(not_modified))
        .layer(middleware::from_fn_with_state(app.workers.clone(), compress))
        .layer(middleware::from_fn_with_state(Arc::new(completion), run_to_completion))
        .layer(DefaultBodyLimit::disable());
    let inner = router
        .merge(openapi::routes(&documented.texts))
        .merge(pages::routes())
        .merge(web::routes())
        .fallback(async || Error::from(NotFound))
        .method_not_allowed_fallback(options)
        .layer(around)
        .with_state(app);
    let routable = ServiceBuilder::new()
        .map_request(|request: Request| to_internal(request, FIRST_NAMES))
        .service(inner);
    Router::new().fallback_service(routable)
}

/// Handles methods without a handler. OPTIONS gets 204; the router adds `Allow` in any case.
async fn options(method: Method) -> Response {
    match method {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => Error::from(MethodNotAllowed).into_response(),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Error::internal(Panicked(message.unwrap_or_default())).into_response()
}
