//! Routes of candidates.

use super::{
    model::{Candidates, CandidatesQuery},
    read,
};
use crate::{
    auth::{Caller, Manager},
    error::{Error, UnknownReference},
    http::{Answer, Path, Query, operations},
    ids::MissionId,
    state::App,
};
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;

/// Under the tag of the plan.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(operations!(candidates))
}

/// Find who could do a mission.
///
/// Managers and above. Everyone active, best first: who is not on the mission yet, who is free for all of it, who has the role's
/// skill and how well, who declared to be available, or not to be, who has less to do in that week, who says yes more often. The skill is the
/// one that is called like the role, whatever the case and the accents of the skill; without `role_name` that of the mission's only role. `reasons`
/// says what else speaks for and against each. A mission that is cancelled, or whose project is archived, has candidates as any other, although
/// nobody can be asked there. An unknown `role_name` is 404 `unknown_reference`.
#[utoipa::path(get, path = "/missions/{id}/candidates", tag = "planning", extensions(("x-problems" = json!([UnknownReference::CODE]))))]
async fn candidates(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    Query(query): Query<CandidatesQuery>,
) -> Result<Answer<Candidates>, Error> {
    let snapshot = app.db.read().await?;
    Answer::of(&read::candidates(&snapshot, caller.org, id, query, app.db.clock().now()).await?)
}
