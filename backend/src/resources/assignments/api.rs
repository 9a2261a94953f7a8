//! Routes of assignments. `accept` and `decline`, which also work with an invitation link, are routes of
//! `resources/invitations`.

use super::{
    model::{
        Assignment, AssignmentForm, AssignmentQuery, AssignmentStatus, BulkAssignment, NewAssignment,
        NewStatus, Whose,
    },
    read,
    refusal::{AlreadyAssigned, InvalidTransition, QuotaReached, ScheduleConflict},
    write::{self, Change as StatusChange, bulk},
};
use crate::{
    auth::{Caller, Forbidden, Manager, Tech},
    db::Reader,
    error::{Error, FieldError, NotFound, UnknownReference},
    http::{
        Answer, Body, BulkCreated, BulkItems, Change, Done, MAX_BULK_BODY, Path, Precondition, Query, Reading,
    },
    ids::{AssignmentId, UserId},
    resources::{
        invitations,
        missions::{self, MissionCancelled, MissionOver},
        projects::ProjectArchived,
        users::UserInactive,
    },
    role::Role,
    state::App,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(bulk_create))
        .routes(routes!(get, update, delete))
        .routes(routes!(set_status))
}

/// Put a person on a mission.
#[utoipa::path(post, path = "/assignments", tag = "assignments", security(("bearer" = ["manager"])),
    request_body = NewAssignment, responses((status = 200, body = Assignment)),
    extensions(("x-problems" = json!([
        UnknownReference::CODE, ScheduleConflict::CODE, AlreadyAssigned::CODE, QuotaReached::CODE, MissionCancelled::CODE,
        ProjectArchived::CODE, UserInactive::CODE,
    ]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewAssignment>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let assignment = write::create(&tx, caller.org, new).await?;
    tx.commit_object(&assignment).await
}

/// Invite 1 to 1000 people to their missions: all of them or none. What is in the way is told for each item.
#[utoipa::path(post, path = "/assignments/~bulk_create", tag = "assignments", security(("bearer" = ["manager"])),
    request_body = Vec<BulkAssignment>, responses((status = 200, body = BulkCreated<AssignmentId>)),
    extensions(("x-problems" = json!([
        UnknownReference::CODE, AlreadyAssigned::CODE, MissionCancelled::CODE, ProjectArchived::CODE, UserInactive::CODE,
    ])), ("x-max-body-bytes" = json!(MAX_BULK_BODY))))]
async fn bulk_create(
    State(app): State<App>,
    caller: Caller<Manager>,
    items: BulkItems<BulkAssignment>,
) -> Result<Answer, Error> {
    let items = items.plan(Ok).await?;
    let tx = app.write(&caller).await?;
    let ids = bulk::create_all(&tx, caller.org, items).await?;
    tx.commit_value(&BulkCreated::of(ids)).await
}

/// List assignments by the mission's start, then by id; those who do not plan see their own.
#[utoipa::path(get, path = "/assignments", tag = "assignments", security(("bearer" = ["tech"])),
    params(AssignmentQuery), responses((status = 200, body = Vec<Assignment>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AssignmentQuery>,
) -> Result<Response, Error> {
    let own = (!caller.is_manager() || query.me == Some(Whose::Yes)).then_some(caller.user);
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, own).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Read an assignment; those who do not plan read their own.
#[utoipa::path(get, path = "/assignments/{id}", tag = "assignments", security(("bearer" = ["tech"])),
    params(("id" = AssignmentId, Path)), responses((status = 200, body = Assignment)))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AssignmentId>,
) -> Result<Answer, Error> {
    let assignment = read::get(&app.db, caller.org, id).await?;
    if caller.is_manager() || caller.is(assignment.user_id) {
        Answer::single(&assignment)
    } else {
        Err(NotFound.into())
    }
}

/// Change an assignment's role or note. Its status changes with `:status`.
#[utoipa::path(patch, path = "/assignments/{id}", tag = "assignments", security(("bearer" = ["manager"])),
    params(("id" = AssignmentId, Path)), request_body = AssignmentForm, responses((status = 200, body = Assignment)),
    extensions(("x-problems" = json!([UnknownReference::CODE, QuotaReached::CODE]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AssignmentId>,
    precondition: Precondition,
    change: Change<AssignmentForm>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let roles = missions::roles_of(&tx, caller.org, current.mission_id).await?;
    let new = change.onto(&current, &current.form())?;
    let assignment = write::update(&tx, current, new, &roles, caller.org).await?;
    tx.commit_object(&assignment).await
}

/// Delete an assignment and its invitations. The audit log keeps both.
#[utoipa::path(delete, path = "/assignments/{id}", tag = "assignments", security(("bearer" = ["manager"])),
    params(("id" = AssignmentId, Path)), responses((status = 200, body = Done)))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AssignmentId>,
    precondition: Precondition,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    invitations::delete_of_assignment(&tx, caller.org, id).await?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}

async fn locked(
    tx: &crate::db::Tx,
    caller: &Caller<Manager>,
    id: AssignmentId,
    precondition: &Precondition,
) -> Result<Assignment, Error> {
    write::lock_for_no_key_update(tx, caller.org, id).await?;
    let current = read::get(tx, caller.org, id).await?;
    precondition.check(&current)?;
    Ok(current)
}

/// Change where an assignment stands. The assigned person may accept or decline.
#[utoipa::path(post, path = "/assignments/{id}/~status", tag = "assignments", security(("bearer" = ["tech"])),
    params(("id" = AssignmentId, Path)), request_body = NewStatus, responses((status = 200, body = Assignment)),
    extensions(("x-problems" = json!([
        Forbidden::CODE, ScheduleConflict::CODE, AlreadyAssigned::CODE, QuotaReached::CODE, MissionCancelled::CODE, UserInactive::CODE,
        InvalidTransition::CODE, ProjectArchived::CODE, MissionOver::CODE,
    ]))))]
async fn set_status(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AssignmentId>,
    precondition: Precondition,
    Body(new): Body<NewStatus>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let locked = write::lock_for_no_key_update(&tx, caller.org, id).await?;
    if !caller.is_manager() {
        may_answer(&caller, locked.user(), &new)?;
    }
    precondition.check_read(read::get(&*tx, caller.org, id)).await?;
    if !caller.is_manager() {
        locked.check_answerable(new.status, tx.now)?;
    }
    let override_reason = new.override_reason.map(Into::into);
    let change = StatusChange { status: new.status, override_reason, decline_reason: None };
    let assignment = write::set_status(&tx, locked, change).await?;
    tx.commit_object(&assignment).await
}

/// A caller below manager may only accept or decline, and only their own assignments.
fn may_answer(caller: &Caller<Tech>, user: UserId, new: &NewStatus) -> Result<(), Error> {
    if !caller.is(user) {
        return Err(NotFound.into());
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
        _ => Err(Forbidden { needs: Role::Manager }.into()),
    }
}
