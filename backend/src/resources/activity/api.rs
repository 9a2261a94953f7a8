//! Routes of activity.

use super::{
    model::{ActivityEntry, ActivityQuery},
    read,
};
use crate::{
    auth::{Caller, Manager},
    db::Reader,
    error::Error,
    http::{Listed, Query, Reading, operations},
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

/// Under the tag of the plan.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(operations!(activity))
}

/// List what happened to missions.
///
/// Managers and above. Newest first: who said yes or no, took a yes back, or confirmed a new time or place; which mission
/// moved; who noted it. What a planner noted for somebody is shown as that person's, with `own` false. `project_id` is the
/// project that the mission belonged to then. An entry stays when what it is about is deleted; what `planning:undo` makes of an answer is none. It begins with the release that introduced it.
#[utoipa::path(get, path = "/activity", tag = "planning")]
async fn activity(
    State(app): State<App>,
    caller: Caller<Manager>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ActivityQuery>,
) -> Result<Listed<[ActivityEntry]>, Error> {
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.listed(&caller.request, &uri, reading, read).await
}
