//! Routes of coverage.

use super::{
    model::{Coverage, CoverageQuery},
    read,
};
use crate::{
    auth::{Caller, Manager},
    error::Error,
    http::{Answer, Path, Query, operations},
    ids::ProjectId,
    state::App,
};
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

/// Under the tag of the plan.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(operations!(coverage))
}

/// Count who is needed and who is there, by day or by role.
///
/// Managers and above. The missions of a project that are not cancelled: how many people they need, and how many were
/// asked and said yes. A mission counts on the day it starts, in the organisation's time zone, also if it lasts longer.
/// Roles are the same when their names are, whatever the case. A role without a quota needs nobody by number: `needed` and
/// `open` leave it out, and are `null` where there is no other role. `invited` and `accepted` count everyone, those without a
/// role included. `open` adds up the places of each role of each mission: one person too many somewhere fills no place elsewhere.
/// At most 20 000 roles of missions. Archived projects can be read, too.
#[utoipa::path(get, path = "/projects/{id}/coverage", tag = "planning")]
async fn coverage(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<ProjectId>,
    Query(query): Query<CoverageQuery>,
) -> Result<Answer<Coverage>, Error> {
    let snapshot = app.db.read().await?;
    Answer::of(&read::coverage(&snapshot, caller.org, id, &query).await?)
}
