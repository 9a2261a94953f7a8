//! The OpenAPI document, made from the same routes that are served.

use crate::{app::App, http::verbs};
use axum::{Json, Router, routing::get};
use std::sync::Arc;
use utoipa::openapi::{
    Info, OpenApi, OpenApiBuilder,
    path::Paths,
    security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

/// What the document says besides its routes.
pub fn base() -> OpenApi {
    let mut info = Info::new("Coulisses Crew", env!("CARGO_PKG_VERSION"));
    info.description =
        Some("Plans the crews of live shows: projects, missions, people, invitations, answers.".into());
    let mut document = OpenApiBuilder::new().info(info).build();
    let components = document.components.get_or_insert_default();
    components
        .security_schemes
        .insert("bearer".into(), SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)).into());
    document
}

/// What nobody has to sign in for; a link's token, a cookie or a password stands in.
const PUBLIC: [&str; 12] = [
    "/healthz",
    "/livez",
    "/readyz",
    "/ping",
    "/auth/login",
    "/auth/refresh",
    "/auth/logout",
    "/auth/reset/request",
    "/auth/reset/confirm",
    "/invitations/verify",
    "/{id}/accept",
    "/{id}/decline",
];

/// Prints custom verbs in their public form, and gives every operation an id of its own: its tag and what it does.
pub fn publish(mut document: OpenApi) -> OpenApi {
    let mut paths = Paths::new();
    paths.paths =
        document.paths.paths.into_iter().map(|(path, item)| (verbs::public_path(&path), item)).collect();
    for (path, item) in &mut paths.paths {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        for operation in operations.into_iter().flatten() {
            if !PUBLIC.iter().any(|public| path.ends_with(public)) {
                operation.security = Some(vec![SecurityRequirement::new("bearer", [""; 0])]);
            }
            let tag = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
            operation.operation_id = operation.operation_id.take().map(|id| format!("{tag}_{id}"));
        }
    }
    document.paths = paths;
    document
}

/// Serves the document.
pub fn routes(document: OpenApi) -> Router<App> {
    let document = Arc::new(document);
    Router::new().route("/openapi.json", get(async move || Json(OpenApi::clone(&document))))
}
