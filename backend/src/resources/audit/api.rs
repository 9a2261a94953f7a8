//! Routes of the audit log.

use super::{
    model::{AuditEntry, AuditQuery},
    read,
};
use crate::{
    auth::{Admin, Caller},
    db::Reader,
    error::Error,
    http::{Query, Reading},
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

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
    // The sizes of the details and the details come from two queries, which must agree.
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.listed(&caller.request, &uri, reading, read).await
}
