//! Routes of assignments. `accept` and `decline`, which also work with an invitation link, are routes of
//! `resources/invitations`.

use super::{
    model::{
        Assignment, AssignmentForm, AssignmentQuery, AssignmentStatus, BulkAssigned, NewAssignment,
        NewStatus, Whose,
    },
    read,
    refusal::{AlreadyAssigned, InvalidTransition, QuotaReached, ScheduleConflict},
    rules::check_new,
    warnings::{self, Warned},
    write::{self, Change as StatusChange, DecidedBy, bulk},
};
use crate::{
    auth::{Caller, Forbidden, Manager, Tech},
    db::Reader,
    error::{Error, FieldError, NotFound, UnknownReference},
    http::{
        Answer, Body, BulkItems, Change, Done, Listed, Path, Precondition, Query, Reading, Tagged,
        operations, tagged,
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
use axum::extract::{OriginalUri, State};
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("assignments", "Users on missions: who is invited, who accepted, declined or was cancelled.")
        .routes(operations!(create, list))
        .routes(operations!(bulk_create))
        .routes(operations!(get, update, delete))
        .routes(operations!(set_status))
}

/// Assign a user to a mission.
///
/// Managers and above. The status is `INVITED`, or `ACCEPTED` when sent; an invitation link is made with `POST
/// /invitations`. Without `role_name` the assignment takes the mission's role when there is exactly one.
/// `ACCEPTED` is refused with 400 `schedule_conflict` when the user is taken, unless `override_reason` is sent,
/// and with 409 `quota_reached` when the role is full; a user who is already invited to or accepted on the
/// mission is 409 `already_assigned`. Whoever declared not to be available then is in `warnings`, and not refused.
#[utoipa::path(post, path = "/assignments", tag = "assignments", extensions(("x-problems" = json!([
        UnknownReference::CODE, ScheduleConflict::CODE, AlreadyAssigned::CODE, QuotaReached::CODE, MissionCancelled::CODE,
        ProjectArchived::CODE, UserInactive::CODE,
    ]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewAssignment>,
) -> Result<Tagged<Warned>, Error> {
    let tx = app.write(&caller).await?;
    let assignment = write::create(&tx, caller.org, new).await?;
    let warned = warnings::warned(&*tx, caller.org, assignment).await?;
    tx.commit_tagged(Tagged::with(&warned.assignment, &warned)?).await
}

/// Assign many users to missions.
///
/// Managers and above. Takes 1 to 1000 items, each as `POST /assignments` does, all or nothing: when items are
/// refused, nothing is created and `errors` names each bad item by its index, with its own code
/// (`already_assigned`, also for the same pair twice, `user_inactive`, ...). Of two `ACCEPTED` items of one user that
/// overlap, one is refused with `schedule_conflict` unless it has an `override_reason`; `conflicts` then names the other one by an
/// id that nothing has, because it was not created. `ids` are in the order of the
/// request, `warnings` name items whose person declared not to be available then.
#[utoipa::path(post, path = "/assignments/~bulk_create", tag = "assignments", extensions(("x-problems" = json!([
        UnknownReference::CODE, ScheduleConflict::CODE, AlreadyAssigned::CODE, QuotaReached::CODE, MissionCancelled::CODE,
        ProjectArchived::CODE, UserInactive::CODE,
    ]))))]
async fn bulk_create(
    State(app): State<App>,
    caller: Caller<Manager>,
    items: BulkItems<NewAssignment>,
) -> Result<Answer<BulkAssigned>, Error> {
    let items = items.plan(|item| check_new(&item).map(|()| item)).await?;
    let tx = app.write(&caller).await?;
    let ids = bulk::create_all(&tx, caller.org, items).await?;
    let warnings = warnings::of_items(&*tx, caller.org, &ids).await?;
    tx.commit_value(&BulkAssigned { created: ids.into(), warnings }).await
}

/// List assignments.
///
/// By the mission's start, then by id. A caller below manager sees only their own; `me=1` narrows it so for
/// everybody. `from` and `to` select assignments whose mission overlaps that window. `never_asked=1` finds who is
/// planned and does not know yet: `INVITED`, and no invitation was ever made, also none that was taken back. Missions that
/// are over are found as well; `from` leaves them out.
#[utoipa::path(get, path = "/assignments", tag = "assignments")]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<AssignmentQuery>,
) -> Result<Listed<[Assignment]>, Error> {
    let own = (!caller.is_manager() || query.me == Some(Whose::Yes)).then_some(caller.user);
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query, own).await };
    app.listed(&caller.request, &uri, reading, read).await
}

/// Get an assignment.
///
/// Managers and above, and the assigned person; for anyone else it is 404. The `ETag` covers the names and times
/// of mission, project and user, too.
#[utoipa::path(get, path = "/assignments/{id}", tag = "assignments")]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AssignmentId>,
) -> Result<Tagged<Assignment>, Error> {
    let assignment = read::get(&app.db, caller.org, id).await?;
    if caller.is_manager() || caller.is(assignment.user_id) {
        Tagged::of(&assignment)
    } else {
        Err(NotFound.into())
    }
}

/// Update an assignment's role or note.
///
/// Managers and above. The status changes with `:status`; mission and user never change. Without a role it takes
/// the mission's role when there is exactly one. 404 `unknown_reference` for a role that the mission does not
/// have; 409 `quota_reached` when an accepted person would move to a full role.
#[utoipa::path(patch, path = "/assignments/{id}", tag = "assignments", extensions(("x-problems" = json!([UnknownReference::CODE, QuotaReached::CODE]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AssignmentId>,
    precondition: Precondition,
    change: Change<AssignmentForm>,
) -> Result<Tagged<Assignment>, Error> {
    let tx = app.write(&caller).await?;
    let current = locked(&tx, &caller, id, &precondition).await?;
    let roles = missions::roles_of(&tx, caller.org, current.mission_id).await?;
    let new = change.onto(&current, &current.form())?;
    let assignment = write::update(&tx, current, new, &roles, caller.org).await?;
    tx.commit_object(&assignment).await
}

/// Delete an assignment and its invitations.
///
/// Managers and above, in any status. Its links stop working. The audit log keeps both.
#[utoipa::path(delete, path = "/assignments/{id}", tag = "assignments")]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<AssignmentId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
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

/// Set the status of an assignment.
///
/// Managers may make every allowed transition (else 409 `invalid_transition`); the assigned person may set
/// `ACCEPTED` or `DECLINED` until the mission ends (then 409 `mission_over`). The same status again changes
/// nothing and is 200. `ACCEPTED` is refused with 400 `schedule_conflict` and `conflicts` when the person is
/// taken, unless a manager sends `override_reason`, and with 409 `quota_reached` when the role is full. Back to
/// `INVITED` revokes the open invitations from before. Who is `ACCEPTED` or `INVITED` by it although they declared not to be
/// available then is in `warnings`.
#[utoipa::path(post, path = "/assignments/{id}/~status", tag = "assignments", extensions(("x-problems" = json!([
        Forbidden::CODE, ScheduleConflict::CODE, AlreadyAssigned::CODE, QuotaReached::CODE, MissionCancelled::CODE, UserInactive::CODE,
        InvalidTransition::CODE, ProjectArchived::CODE, MissionOver::CODE,
    ]))))]
async fn set_status(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<AssignmentId>,
    precondition: Precondition,
    Body(new): Body<NewStatus>,
) -> Result<Tagged<Warned>, Error> {
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
    let by = if caller.is(locked.user()) { DecidedBy::User } else { DecidedBy::Planner };
    let change = StatusChange { status: new.status, override_reason, decline_reason: None, by };
    let assignment = write::set_status(&tx, locked, change).await?;
    let warned = warnings::warned(&*tx, caller.org, assignment).await?;
    tx.commit_tagged(Tagged::with(&warned.assignment, &warned)?).await
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
