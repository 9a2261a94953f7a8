//! Routes of the plan.

use super::{
    model::{Planning, PlanningQuery},
    read,
};
use crate::{
    auth::{Caller, Manager},
    db::{List, Reader},
    error::Error,
    http::{Kept, Query, operations, tagged},
    state::App,
};
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("planning", "The plan of a period in one answer, for a board.").routes(operations!(show))
}

/// Show the plan of a period.
///
/// Managers and above. Everything that overlaps the period, as it was at one instant. `project_id` and `q` choose missions;
/// `user_id`, `skill` and `tag` choose people. Each person shown comes with all that they are invited to or accepted for, also
/// elsewhere (`matches` is false there). Counts of a mission's roles include people who are not shown. At most 5000 missions, 20 000
/// assignments and 16 MiB. Cached between writes: `X-Cache` is `HIT`, `MISS` or `BYPASS`.
#[utoipa::path(get, path = "/planning", tag = "planning")]
async fn show(
    State(app): State<App>,
    caller: Caller<Manager>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<PlanningQuery>,
) -> Result<Kept<Planning>, Error> {
    read::check(&query)?;
    let org = caller.org;
    let read = move |db: Reader| async move { read::planning(&db, org, query).await };
    app.kept(&caller, List::Planning, &uri, read).await
}
