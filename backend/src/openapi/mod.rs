//! The OpenAPI document, built from the routes that are served: handlers declare what is particular to them, [`publish`] adds
//! what all operations have in common.

mod examples;
mod publish;
mod schemas;

pub use publish::{publish, without_deprecated};

use crate::{
    auth,
    error::{self, Conflict, Error, FailureKind, FieldError, Problem},
    http::{self, Limit},
    ids::AnyId,
    live,
    resources::{
        assignments, availabilities,
        calendar::CalendarInclude,
        invitations,
        missions::{self, MissionState},
        orgs, planning, projects,
        users::{self, Cents},
    },
    state::App,
};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderValue, header},
    response::Response,
    routing::get,
};
use serde_json::Value as Json;
use utoipa::openapi::{
    ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder, Server,
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

const DESCRIPTION: &str = "Plans the crews of live shows: projects, missions, people, invitations, answers.\n\n\
    Errors are `application/problem+json` with a stable `code`. Lists are arrays; the next page is in the `Link` \
    header. Single objects carry an `ETag`. A POST with an `Idempotency-Key` can be sent again without doing its work \
    twice.";

/// The document without paths.
pub fn base() -> OpenApi {
    let mut info = Info::new("Coulisses Crew", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.into());
    info.license = Some(License::new("Apache-2.0"));
    // The router collects the schemas of bodies; these are used in query parameters and problems.
    let components = ComponentsBuilder::new()
        .schema_from::<Problem>()
        .schema_from::<FieldError>()
        .schema_from::<Conflict>()
        .schema_from::<Limit>()
        .schema_from::<MissionState>()
        .schema_from::<CalendarInclude>()
        .schema_from::<Cents>()
        .schema_from::<AnyId>()
        .build();
    // Relative, so that it is whichever server the document comes from.
    let servers = [Server::new("/")];
    let mut document =
        OpenApiBuilder::new().info(info).servers(Some(servers)).components(Some(components)).build();
    let schemes = &mut document.components.get_or_insert_default().security_schemes;
    schemes.insert("bearer".into(), SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)).into());
    let cookie = ApiKey::Cookie(ApiKeyValue::new("refresh_token"));
    schemes.insert("refresh_cookie".into(), SecurityScheme::ApiKey(cookie).into());
    document
}

/// A sample of every error that a client can receive.
pub fn samples() -> Vec<Error> {
    let mistakes = [
        FieldError::invalid("/end_at", "must be after start_at"),
        FieldError::read_only("/created_at"),
        FieldError::invalid_cursor(),
    ];
    let refusals = [
        error::REFUSALS,
        http::REFUSALS,
        auth::REFUSALS,
        assignments::REFUSALS,
        availabilities::REFUSALS,
        invitations::REFUSALS,
        live::REFUSALS,
        missions::REFUSALS,
        orgs::REFUSALS,
        planning::REFUSALS,
        projects::REFUSALS,
        users::REFUSALS,
    ];
    let failures = FailureKind::ALL.iter().map(|kind| Error::failed(*kind, std::fmt::Error));
    let mistakes = mistakes.map(|mistake| Error::Invalid(vec![mistake]));
    mistakes.into_iter().chain(refusals.concat().into_iter().map(|sample| sample())).chain(failures).collect()
}

/// The document as it is served and printed.
pub fn text(document: &Json) -> String {
    format!("{document:#}\n")
}

/// The document as it is served, and the same without what is deprecated, for generators of clients.
pub struct Texts {
    all: Bytes,
    for_clients: Bytes,
}

impl Texts {
    pub fn of(document: Json) -> Self {
        let all = text(&document).into();
        Self { all, for_clients: text(&without_deprecated(document)).into() }
    }
}

/// Serves the document, and Swagger UI at `/docs` from files embedded in the program.
pub fn routes(texts: &Texts) -> Router<App> {
    // All responses share one buffer.
    let Texts { all, for_clients } = texts;
    let (all, for_clients) = (all.clone(), for_clients.clone());
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let for_json = json.clone();
    let reference = SwaggerUi::new("/docs").config(Config::from("../openapi.json").try_it_out_enabled(true));
    // Swagger UI sets inline styles and has `data:` icons; it loads nothing from other origins.
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
        connect-src 'self'; frame-ancestors 'none'";
    let policy = [(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy))];
    Router::from(reference)
        .layer(axum::middleware::map_response(move |response: Response| {
            let policy = policy.clone();
            async move { (policy, response) }
        }))
        .route("/openapi.json", get(async move || ([json.clone()], all.clone())))
        .route("/openapi/clients.json", get(async move || ([for_json], for_clients.clone())))
}
