//! Routes of missions.

use super::{
    model::{
        Duplication, Mission, MissionForm, MissionQuery, MissionsCreated, NewMission, NewProjectMission, Seen,
    },
    read,
    refusal::{MissionNotEmpty, QuotaBelowAccepted, RoleInUse},
    rules::{self, PlannedMission},
    write,
};
use crate::{
    auth::{Caller, Manager, Tech},
    db::{List, Reader, Tx},
    error::{Duplicate, Error, UnknownReference, Within},
    http::{
        Answer, Body, BulkItems, Change, Done, Empty, Listed, Path, Precondition, Query, Reading, Tagged,
        operations, tagged,
    },
    ids::{MissionId, OrgId, ProjectId},
    resources::{
        assignments::{self, ScheduleConflict},
        invitations, orgs,
        projects::{self, ProjectArchived},
    },
    state::App,
    text::{Name, Reason, ZoneName},
    timestamp::Timestamp,
};
use axum::extract::{OriginalUri, State};
use std::collections::HashSet;
use utoipa_axum::router::OpenApiRouter;

pub fn routes() -> OpenApiRouter<App> {
    tagged("missions", "Calls with a start and an end, and the mission roles that they need.")
        .routes(operations!(create, list))
        .routes(operations!(get, update, delete))
        .routes(operations!(duplicate))
        .routes(operations!(cancel))
        .routes(operations!(bulk_create))
}

/// Create a mission.
///
/// Managers and above. Needs `title` or `role`; `role` becomes the first mission role, without a quota, unless
/// `roles` has it, and the title when there is none. It ends after its start and at most 31 calendar days later
/// in its time zone. An unknown project is 404 `unknown_reference`, an archived one 409 `project_archived`.
#[utoipa::path(post, path = "/missions", tag = "missions", extensions(("x-problems" = json!([UnknownReference::CODE, ProjectArchived::CODE]))))]
async fn create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Body(new): Body<NewMission>,
) -> Result<Tagged<Mission>, Error> {
    let zone = orgs::timezone(&app.db, caller.org).await?;
    let planned = rules::plan(new, &zone).map_err(Error::Invalid)?;
    let tx = app.write(&caller).await?;
    write::lock_project_for_share(&tx, caller.org, planned.form.project_id).await?;
    let mission = write::create(&tx, caller.org, planned).await?;
    tx.commit_object(&mission).await
}

/// List missions.
///
/// By start, then by id; cancelled ones are included unless `status=open`. `from` and `to` select what overlaps
/// that window, `q` searches title and location. `staffing=open` finds missions with places that nobody accepted,
/// whoever is invited, `staffing=full` those that have everyone they need: a role without a quota needs nobody by number,
/// so that a mission with no other roles is neither, and nor is a cancelled one. Missions that are over and those of
/// archived projects are found as well; `from` and `project_id` leave them out. Cached between writes, answers of people
/// included: `X-Cache` is `HIT`, `MISS` or `BYPASS`.
#[utoipa::path(get, path = "/missions", tag = "missions")]
async fn list(
    State(app): State<App>,
    caller: Caller<Tech>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<MissionQuery>,
) -> Result<Listed<[Mission]>, Error> {
    let org = caller.org;
    let reading = Reading::of(query.limit);
    let read = move |db: Reader| async move { read::list(&db, org, query).await };
    app.cached(&caller, List::Missions, &uri, reading, read).await
}

/// Get a mission.
///
/// Shows each mission role with the number of people invited and accepted. The `ETag` covers these counts: it
/// changes when somebody answers. A caller below manager who is invited to it or accepted sees in `crew` who else accepted it, unless the
/// org's `crew_sees_crew` is off.
#[utoipa::path(get, path = "/missions/{id}", tag = "missions")]
async fn get(
    State(app): State<App>,
    caller: Caller<Tech>,
    Path(id): Path<MissionId>,
) -> Result<Tagged<Seen>, Error> {
    let user = match caller.user {
        Some(user) if !caller.is_manager() => user,
        _ => {
            let seen = Seen { mission: read::get(&app.db, caller.org, id).await?, crew: None };
            // The tag that a change of it names.
            return Tagged::with(&seen.mission, &seen);
        }
    };
    let snapshot = app.db.read().await?;
    let mission = read::get(&snapshot, caller.org, id).await?;
    let crew = assignments::crew_beside(&snapshot, caller.org, id, user).await?;
    Tagged::of(&Seen { mission, crew })
}

/// Update a mission.
///
/// Managers and above. A new time is checked against the other missions of everyone accepted: overlaps are 400
/// `schedule_conflict` with `conflicts`, unless `override_reason` is sent (in a merge patch with `start_at` or
/// `end_at` only), which is then kept on those assignments. A role left out of `roles` is removed: 409
/// `role_in_use` while people are invited to or accepted on it. 409 `quota_below_accepted` for a quota below the
/// number accepted, `project_archived` for a move to an archived project.
#[utoipa::path(method(put, patch), path = "/missions/{id}", tag = "missions", extensions(("x-problems" = json!([
        UnknownReference::CODE, ScheduleConflict::CODE, RoleInUse::CODE, QuotaBelowAccepted::CODE, ProjectArchived::CODE,
    ]))))]
async fn update(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
    change: Change<MissionForm>,
) -> Result<Tagged<Mission>, Error> {
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
    tx: &Tx,
    org: OrgId,
    current: &Mission,
    current_plan: &PlannedMission,
    mut form: MissionForm,
) -> Result<Mission, Error> {
    // Before `role` is prepended to the list, so that error pointers have the indexes that were sent.
    rules::assign_role_ids(&mut form.roles, &current.roles)?;
    let reason = form.override_reason.clone().map(String::from);
    let zone = orgs::timezone(tx, org).await?;
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
    assignments::note_move(tx, org, current, &changed).await?;
    if let [only] = &*changed.roles
        && assignments::assign_only_role(tx, org, changed.id, only).await?
    {
        // Its counts have changed.
        return read::get(tx, org, changed.id).await;
    }
    Ok(changed)
}

/// Delete a mission.
///
/// Managers and above. 409 `mission_not_empty` while it has an assignment in any status: cancel it instead.
#[utoipa::path(delete, path = "/missions/{id}", tag = "missions", extensions(("x-problems" = json!([MissionNotEmpty::CODE]))))]
async fn delete(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
) -> Result<Answer<Done>, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    write::delete(&tx, caller.org, &current).await?;
    tx.commit_value(&Done::OK).await
}

/// Duplicate a mission.
///
/// Managers and above. Copies everything but the assignments; the copy of a cancelled mission is open. It takes
/// place at the same time unless `start_at` or `shift_days` is sent (not both), which keep the wall clock of the
/// mission's time zone across clock changes. `If-Match` names the original, the `ETag` of the answer the copy;
/// 409 `project_archived` for a mission of an archived project.
#[utoipa::path(post, path = "/missions/{id}/~duplicate", tag = "missions", extensions(("x-problems" = json!([ProjectArchived::CODE]))))]
async fn duplicate(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
    Body(how): Body<Duplication>,
) -> Result<Tagged<Mission>, Error> {
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

/// Cancel a mission.
///
/// Managers and above. Final: its invited and accepted assignments become `CANCELLED`, its open invitations are
/// revoked, and nobody can be invited to it or accepted on it any more (409 `mission_cancelled`); duplicate it to
/// plan it again. Cancelling it again changes nothing and is 200.
#[utoipa::path(post, path = "/missions/{id}/~cancel", tag = "missions")]
async fn cancel(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(id): Path<MissionId>,
    precondition: Precondition,
    Body(Empty {}): Body<Empty>,
) -> Result<Tagged<Mission>, Error> {
    let tx = app.write(&caller).await?;
    let current = write::lock_for_update(&tx, caller.org, id).await?;
    precondition.check(&current)?;
    let cancelled = call_off(&tx, caller.org, current).await?;
    tx.commit_object(&cancelled).await
}

/// Cancels a locked mission with its assignments and invitations, unless it is cancelled.
///
/// # Errors
/// When the database fails.
pub async fn call_off(tx: &Tx, org: OrgId, current: Mission) -> Result<Mission, Error> {
    if current.cancelled_at.is_some() {
        return Ok(current);
    }
    assignments::cancel_all(tx, org, current.id).await?;
    invitations::revoke_of_mission(tx, org, current.id).await?;
    write::cancel(tx, org, current).await
}

/// Moves a locked mission by so many seconds.
///
/// # Errors
/// [`ScheduleConflict`] when somebody accepted is taken then.
pub async fn shift(tx: &Tx, org: OrgId, current: &Mission, seconds: i64) -> Result<Mission, Error> {
    let (start_at, end_at) = (current.start_at.plus_seconds(seconds), current.end_at.plus_seconds(seconds));
    reschedule(tx, org, current, (start_at, end_at), None, None).await
}

/// Moves a locked mission to another period, and to another place if one is named.
///
/// # Errors
/// As of a PUT.
pub async fn reschedule(
    tx: &Tx,
    org: OrgId,
    current: &Mission,
    (start_at, end_at): (Timestamp, Timestamp),
    location: Option<Name>,
    override_reason: Option<Reason>,
) -> Result<Mission, Error> {
    let form = current.form();
    let plan = PlannedMission::of(current, form.clone());
    let location = location.or_else(|| form.location.clone());
    let form = MissionForm { start_at, end_at, location, override_reason, ..form };
    apply_change(tx, org, current, &plan, form).await
}

/// Copies of missions, this many days later by the wall clock of each one's time zone, with few statements, beside their originals.
///
/// # Errors
/// [`Error::Items`] within `mission_ids`: [`UnknownReference`], [`Duplicate`], [`ProjectArchived`], or
/// a time that there is not.
pub async fn copy_all(
    tx: &Tx,
    org: OrgId,
    ids: &[MissionId],
    shift_days: i32,
) -> Result<Vec<(MissionId, Mission)>, Error> {
    // Keeps the originals from being deleted before they are copied.
    write::lock_all_for_share(tx, org, ids.iter().copied()).await?;
    let mut originals = read::by_ids(tx, org, ids.iter().copied()).await?;
    let there: HashSet<_> = originals.keys().copied().collect();
    let projects = originals.values().filter_map(|mission| mission.project_id).collect();
    let archived = projects::lock_all_for_share(tx, org, projects).await?;
    let how = Duplication { start_at: None, shift_days: Some(shift_days) };
    let (mut planned, mut refused) = (Vec::new(), Vec::new());
    for (index, id) in ids.iter().enumerate() {
        let copy = match originals.remove(id) {
            None if there.contains(id) => {
                Err(Duplicate { pointer: "", detail: "This mission is listed twice." }.into())
            }
            None => Err(UnknownReference { pointer: "", name: "mission" }.into()),
            Some(mission) if mission.project_id.is_some_and(|project| archived.contains(&project)) => {
                Err(ProjectArchived.into())
            }
            Some(mission) => {
                let zone = ZoneName::zone(&mission.timezone).map_err(|error| Error::internal(error))?;
                rules::copy(mission, &zone, &how).map_err(|mistake| Error::Invalid(vec![mistake]))
            }
        };
        match copy {
            Ok(copy) => planned.push(copy),
            Err(error) => refused.push((index, error)),
        }
    }
    if !refused.is_empty() {
        return Err(Error::Items(Within::Ids("mission_ids"), refused));
    }
    let copies = write::create_all(tx, org, planned).await?;
    Ok(ids.iter().copied().zip(copies).collect())
}

/// Create many missions in a project.
///
/// Managers and above. Takes 1 to 1000 missions with up to 5000 roles together, all or nothing: when items are
/// refused, nothing is created and `errors` names each bad item by its index. `ids` are in the order of the
/// request. 409 `project_archived` for an archived project.
#[utoipa::path(post, path = "/projects/{id}/missions/~bulk_create", tag = "missions", extensions(("x-problems" = json!([ProjectArchived::CODE]))))]
async fn bulk_create(
    State(app): State<App>,
    caller: Caller<Manager>,
    Path(project): Path<ProjectId>,
    items: BulkItems<NewProjectMission>,
) -> Result<Answer<MissionsCreated>, Error> {
    let zone = orgs::timezone(&app.db, caller.org).await?;
    let rules = move |item: NewProjectMission| {
        rules::plan(MissionForm { project_id: Some(project), ..item.into() }, &zone)
    };
    let planned = items.plan(rules).await?;
    rules::few_enough_roles(&planned)?;
    let tx = app.write(&caller).await?;
    projects::lock_for_share(&tx, caller.org, project).await?;
    let created = write::create_all(&tx, caller.org, planned).await?;
    let ids: Vec<_> = created.iter().map(|mission| mission.id).collect();
    tx.commit_value(&ids.into()).await
}
