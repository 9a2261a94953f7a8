//! Routes of missions.

use super::{
    model::{Duplication, Mission, MissionForm, MissionQuery, NewMission, NewProjectMission},
    read,
    refusal::{MissionNotEmpty, QuotaBelowAccepted, RoleInUse},
    rules::{self, PlannedMission},
    write,
};
use crate::{
    auth::{Caller, Manager, Tech},
    db::{List, Reader},
    error::{Error, UnknownReference},
    http::{
        Answer, Body, BulkCreated, BulkItems, Change, Done, Empty, MAX_BULK_BODY, Path, Precondition, Query,
        Reading,
    },
    ids::{MissionId, OrgId, ProjectId},
    resources::{
        assignments::{self, ScheduleConflict},
        invitations, orgs,
        projects::{self, ProjectArchived},
    },
    state::{App, RequestTx},
    text::ZoneName,
};
use axum::{
    extract::{OriginalUri, State},
    response::Response,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get, update, delete))
        .routes(routes!(duplicate))
        .routes(routes!(cancel))
        .routes(routes!(bulk_create))
}

/// Create a mission.
#[utoipa::path(post, path = "/missions", tag = "missions", security(("bearer" = ["manager"])),
    request_body = NewMission, responses((status = 200, body = Mission)),
    extensions(("x-problems" = json!([UnknownReference::CODE, ProjectArchived::CODE]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewMission>,
) -> Result<Answer, Error> {
    let zone = orgs::timezone(&app.db, caller.org).await?;
    let planned = rules::plan(new, &zone).map_err(Error::Invalid)?;
    let tx = app.write(&caller).await?;
    write::lock_project_for_share(&tx, caller.org, planned.form.project_id).await?;
    let mission = write::create(&tx, caller.org, planned).await?;
    tx.commit_object(&mission).await
}

/// List missions by start, then by id.
#[utoipa::path(get, path = "/missions", tag = "missions", security(("bearer" = ["tech"])), params(MissionQuery),
    responses((status = 200, body = Vec<Mission>)))]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<MissionQuery>,
) -> Result<Response, Error> {
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.cached(&caller, List::Missions, &uri, reading, read).await
}

/// Read a mission.
#[utoipa::path(get, path = "/missions/{id}", tag = "missions", security(("bearer" = ["tech"])),
    params(("id" = MissionId, Path)), responses((status = 200, body = Mission)))]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<MissionId>,
) -> Result<Answer, Error> {
    Answer::single(&read::get(&app.db, caller.org, id).await?)
}

/// Change a mission. One that moves re-checks everyone who is accepted on it.
#[utoipa::path(method(put, patch), path = "/missions/{id}", tag = "missions", security(("bearer" = ["manager"])),
    params(("id" = MissionId, Path)), request_body = MissionForm, responses((status = 200, body = Mission)),
    extensions(("x-problems" = json!([
        UnknownReference::CODE, ScheduleConflict::CODE, RoleInUse::CODE, QuotaBelowAccepted::CODE, ProjectArchived::CODE,
    ]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
    change: Change<MissionForm>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    if change.names("override_reason") && !change.names("start_at") && !change.names("end_at") {
        return Err(Error::invalid("/override_reason", "goes with start_at or end_at only"));
    }
    let current_form = current.form();
    let form = change.onto(&current, &current_form)?;
    let current_plan = PlannedMission::of(&current, current_form);
    let mission = apply_change(&tx, caller.org, &current, &current_plan, form).await?;
    tx.commit_object(&mission).await
}

/// Checks the form and its roles, checks the move for conflicts or stores the override, detaches assignments from removed mission roles, updates the mission, finishes the move, then
/// gives assignments without a mission role the only one.
async fn apply_change(
    tx: &RequestTx,
    org: OrgId,
    current: &Mission,
    current_plan: &PlannedMission,
    mut form: MissionForm,
) -> Result<Mission, Error> {
    // Before `role` is prepended to the list, so that error pointers have the indexes that were sent.
    rules::assign_role_ids(&mut form.roles, &current.roles)?;
    let reason = form.override_reason.clone().map(String::from);
    let zone = orgs::timezone(&**tx, org).await?;
    let mut planned = rules::plan_change(form, &zone, current).map_err(Error::Invalid)?;
    // Again, because the prepended `role` may name an existing mission role.
    rules::assign_role_ids(&mut planned.roles, &current.roles)?;
    rules::check_role_change(&current.roles, &planned.roles)?;
    if planned.form.project_id != current.project_id {
        write::lock_project_for_share(tx, org, planned.form.project_id).await?;
    }
    let period = (planned.form.start_at, planned.form.end_at);
    let the_move = if period == (current.start_at, current.end_at) {
        assignments::Move::default()
    } else {
        assignments::begin_move(tx, org, current.id, period, reason).await?
    };
    let gone = rules::removed(&current.roles, &planned.roles);
    assignments::detach_roles(tx, org, current.id, gone).await?;
    let changed = write::update(tx, org, current, current_plan, planned).await?;
    assignments::finish_move(tx, org, the_move).await?;
    if let [only] = &*changed.roles
        && assignments::assign_only_role(tx, org, changed.id, only).await?
    {
        // Its counts have changed.
        return read::get(&**tx, org, changed.id).await;
    }
    Ok(changed)
}

/// Delete a mission that nobody was ever assigned to.
#[utoipa::path(delete, path = "/missions/{id}", tag = "missions", security(("bearer" = ["manager"])),
    params(("id" = MissionId, Path)), responses((status = 200, body = Done)),
    extensions(("x-problems" = json!([MissionNotEmpty::CODE]))))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}

/// Copy a mission and its roles, without its people.
#[utoipa::path(post, path = "/missions/{id}/~duplicate", tag = "missions", security(("bearer" = ["manager"])),
    params(("id" = MissionId, Path)), request_body = Option<Duplication>, responses((status = 200, body = Mission)),
    extensions(("x-problems" = json!([ProjectArchived::CODE]))))]
async fn duplicate(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
    Body(how): Body<Duplication>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    // Keeps the original from being deleted before it is copied.
    write::lock_for_share(&tx, caller.org, id).await?;
    let original = read::get(&*tx, caller.org, id).await?;
    precondition.check(&original)?;
    write::lock_project_for_share(&tx, caller.org, original.project_id).await?;
    let zone = ZoneName::zone(&original.timezone).map_err(|error| Error::internal(error))?;
    let copy = rules::copy(original, &zone, &how).map_err(|mistake| Error::Invalid(vec![mistake]))?;
    let mission = write::create(&tx, caller.org, copy).await?;
    tx.commit_object(&mission).await
}

/// Call a mission off, for good: its people are cancelled and their links die. Cancelled already, it stays so.
#[utoipa::path(post, path = "/missions/{id}/~cancel", tag = "missions", security(("bearer" = ["manager"])),
    params(("id" = MissionId, Path)), request_body = Option<Empty>, responses((status = 200, body = Mission)))]
async fn cancel(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
    Body(Empty {}): Body<Empty>,
) -> Result<Answer, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    if current.cancelled_at.is_some() {
        return tx.commit_object(&current).await;
    }
    assignments::cancel_all(&tx, caller.org, id).await?;
    invitations::revoke_of_mission(&tx, caller.org, id).await?;
    let cancelled = write::cancel(&tx, caller.org, current).await?;
    tx.commit_object(&cancelled).await
}

/// Create 1 to 1000 missions of a project, with up to 5000 roles together: all of them or none.
#[utoipa::path(post, path = "/projects/{id}/missions/~bulk_create", tag = "missions",
    security(("bearer" = ["manager"])), params(("id" = ProjectId, Path)), request_body = Vec<NewProjectMission>,
    responses((status = 200, body = BulkCreated<MissionId>)),
    extensions(("x-problems" = json!([ProjectArchived::CODE])), ("x-max-body-bytes" = json!(MAX_BULK_BODY))))]
async fn bulk_create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(project): Path<ProjectId>,
    items: BulkItems<NewProjectMission>,
) -> Result<Answer, Error> {
    let zone = orgs::timezone(&app.db, caller.org).await?;
    let rules = move |item: NewProjectMission| {
        rules::plan(MissionForm { project_id: Some(project), ..item.into() }, &zone)
    };
    let planned = items.plan(rules).await?;
    rules::few_enough_roles(&planned)?;
    let tx = app.write(&caller).await?;
    projects::lock_for_share(&tx, caller.org, project).await?;
    let created = write::create_all(&tx, caller.org, planned).await?;
    tx.commit_value(&BulkCreated::of(created.iter().map(|mission| mission.id).collect())).await
}
