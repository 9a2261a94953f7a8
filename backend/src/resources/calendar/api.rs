//! Routes of calendars.

use super::{
    model::{CalendarEntry, CalendarQuery},
    read,
};
use crate::{
    auth::{Caller, Tech},
    db::Reader,
    error::Error,
    http::{Listed, Path, Query, Reading, operations},
    ids::UserId,
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(operations!(calendar_list))
}

/// List a user's calendar.
///
/// One's own, or anyone's as a manager or above; else 404. By start: approved availabilities, and with
/// `include=missions` the accepted missions. `from` and `to` select what overlaps that window.
#[utoipa::path(get, path = "/users/{id}/calendar", tag = "users")]
async fn calendar_list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<UserId>,
    Query(query): Query<CalendarQuery>,
) -> Result<Listed<[CalendarEntry]>, Error> {
    caller.require_personal_access(id)?;
    let org = caller.org;
    let reading = Reading::in_snapshot(query.limit);
    let read = move |db: Reader| async move { read::of_user(&db, org, id, query).await };
    app.listed(&caller.request, &uri, reading, read).await
}
