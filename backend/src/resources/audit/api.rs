//! Routes of the audit log.

use super::{
    model::{AuditEntry, AuditQuery},
    read,
};
use crate::{
    auth::{Admin, Caller},
    db::Reader,
    error::Error,
    http::{Listed, Query, Reading, operations, tagged},
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("audit", "Who did what, when, to which object of the org. Entries are never changed.")
        .routes(operations!(list))
}

/// List audit entries.
///
/// Admins and owners. Newest first: who did what, when, to which object of the org, with the object `before` and
/// `after`. `from` is inclusive, `to` exclusive.
#[utoipa::path(get, path = "/audit", tag = "audit")]
async fn list(
    State(app): State<App>,
    caller: Caller<Admin>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AuditQuery>,
) -> Result<Listed<[AuditEntry]>, Error> {
    // The sizes of the details and the details come from two queries, which must agree.
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.listed(&caller.request, &uri, reading, read).await
}
