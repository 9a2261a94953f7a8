//! Routes of calendars.

use super::{
    model::{CalendarEntry, CalendarQuery},
    read,
};
use crate::{
    auth::{Caller, Tech},
    db::Reader,
    error::Error,
    http::{Path, Query, Reading},
    ids::UserId,
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(calendar))
}

/// A person's calendar by start: one's own, or for planners anyone's.
///
/// It has the approved availabilities, and the accepted missions when they are asked for.
#[utoipa::path(get, path = "/users/{id}/calendar", tag = "users", security(("bearer" = ["tech"])),
    params(("id" = UserId, Path), CalendarQuery), responses((status = 200, body = Vec<CalendarEntry>)))]
async fn calendar(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<UserId>,
    Query(query): Query<CalendarQuery>,
) -> Result<Response, Error> {
    caller.require_personal_access(id)?;
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::of_user(&db, org, id, query).await };
    app.listed(&caller.request, &uri, reading, read).await
}
