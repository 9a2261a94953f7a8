//! Routes of the audit log.

use super::{
    log,
    model::{AuditEntry, AuditQuery},
};
use crate::{
    app::App,
    auth::{Admin, Caller},
    error::Error,
    http::Query,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Who did what, when, to which object: newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", security(("bearer" = ["admin"])), params(AuditQuery),
    responses((status = 200, body = Vec<AuditEntry>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Admin>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Error> {
    let read = async {
        // What an entry says and how much that is must agree.
        let snapshot = app.db.read().await?;
        log::list(&snapshot, caller.org, query).await
    };
    app.listed(&caller.request, &uri, read).await
}
