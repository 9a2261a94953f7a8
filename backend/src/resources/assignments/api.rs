//! Routes of assignments. Answering one (`accept`, `decline`) may also be done with a link and stands with the
//! invitations.

use super::{
    model::{Assignment, AssignmentQuery, AssignmentStatus, Me, NewAssignment, NewStatus},
    store::{self, Change},
};
use crate::{
    app::App,
    auth::{Caller, Manager, Tech},
    error::{Error, FieldError, Problem},
    http::{Body, Path, Query},
    ids::{AssignmentId, UserId},
};
use axum::{
    Json,
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create, list)).routes(routes!(get)).routes(routes!(set_status))
}

/// Put a person on a mission.
#[utoipa::path(post, path = "/assignments", tag = "assignments", request_body = NewAssignment, responses(
    (status = 200, body = Assignment), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewAssignment>,
) -> Result<Json<Assignment>, Error> {
    let tx = app.db.write(caller.origin()).await?;
    let assignment = store::create(&tx, caller.org, new).await?;
    tx.commit().await?;
    Ok(Json(assignment))
}

/// List assignments by the mission's start; those who do not plan see their own.
#[utoipa::path(get, path = "/assignments", tag = "assignments", params(AssignmentQuery), responses(
    (status = 200, body = Vec<Assignment>), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AssignmentQuery>,
) -> Result<Response, Error> {
    let own = (!caller.plans() || query.me == Some(Me::Yes)).then_some(caller.user);
    Ok(store::list(&app.db, caller.org, query, own).await?.respond(&uri))
}

/// Read an assignment; those who do not plan read their own.
#[utoipa::path(get, path = "/assignments/{id}", tag = "assignments", params(("id" = AssignmentId, Path)), responses(
    (status = 200, body = Assignment), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AssignmentId>,
) -> Result<Json<Assignment>, Error> {
    let assignment = store::get(&app.db, caller.org, id).await?;
    if caller.plans() || caller.is(assignment.user_id) { Ok(Json(assignment)) } else { Err(Error::NotFound) }
}

/// Change where an assignment stands. The assigned person may accept or decline.
#[utoipa::path(post, path = "/assignments/{id}/~status", tag = "assignments", params(("id" = AssignmentId, Path)),
    request_body = NewStatus, responses(
    (status = 200, body = Assignment), (status = "4XX", body = Problem, content_type = "application/problem+json"),
))]
async fn set_status(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AssignmentId>,
    Body(new): Body<NewStatus>,
) -> Result<Json<Assignment>, Error> {
    let tx = app.db.write(caller.origin()).await?;
    let held = store::hold(&tx, caller.org, id).await?;
    if !caller.plans() {
        may_answer(&caller, held.user(), &new)?;
    }
    let override_reason = new.override_reason.map(Into::into);
    let change = Change { status: new.status, override_reason, decline_reason: None };
    let assignment = store::set_status(&tx, held, change).await?;
    tx.commit().await?;
    Ok(Json(assignment))
}

/// Those who do not plan answer their own calls, and only with yes or no.
fn may_answer(caller: &Caller<Tech>, person: UserId, new: &NewStatus) -> Result<(), Error> {
    if !caller.is(person) {
        return Err(Error::NotFound);
    }
    if new.override_reason.is_some() {
        return Err(Error::Invalid(vec![FieldError {
            pointer: "/override_reason".into(),
            code: "unknown",
            detail: "is for planners; ask one to override the conflict".into(),
        }]));
    }
    match new.status {
        AssignmentStatus::Accepted | AssignmentStatus::Declined => Ok(()),
        _ => Err(Error::Forbidden(crate::auth::Role::Manager)),
    }
}
