//! Writing missions.

use super::{
    entity::{mission, mission_role},
    event::MissionEvent,
    model::{Mission, MissionForm, MissionRole, MissionRoleForm},
    read::get,
    refusal::MissionNotEmpty,
    rules::{PlannedMission, search_text},
};
use crate::{
    db::{Constraint, OfOrg, OrRefusal, Tx, is_referenced},
    error::{Duplicate, Error, NotFound},
    ids::{MissionId, MissionRoleId, OrgId, ProjectId},
    resources::assignments,
    text::NameKey,
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func, LockType},
};
use std::collections::HashMap;

/// Creates a mission; the caller has locked its project.
///
/// # Errors
/// [`Duplicate`] if two of its mission roles have one name.
pub async fn create(tx: &Tx, org: OrgId, planned: PlannedMission) -> Result<Mission, Error> {
    let New { mission, row, roles } = New::of(tx, org, planned);
    mission::Entity::insert(row).exec_without_returning(tx).await?;
    tx.insert_all(roles).await.or_refusal(meaning_for_roles)?;
    tx.record(org, &MissionEvent::Created { after: &mission }).await?;
    Ok(mission)
}

/// Creates missions with few statements; the caller has locked their projects.
///
/// # Errors
/// [`Duplicate`] if two mission roles of one mission have one name.
pub async fn create_all(tx: &Tx, org: OrgId, planned: Vec<PlannedMission>) -> Result<Vec<Mission>, Error> {
    let (mut missions, mut rows, mut all_roles) = (Vec::new(), Vec::new(), Vec::new());
    for planned in planned {
        let New { mission, row, roles } = New::of(tx, org, planned);
        missions.push(mission);
        rows.push(row);
        all_roles.extend(roles);
    }
    tx.insert_all(rows).await?;
    tx.insert_all(all_roles).await.or_refusal(meaning_for_roles)?;
    let events: Vec<_> = missions.iter().map(|after| MissionEvent::Created { after }).collect();
    tx.record_all(org, &events).await?;
    Ok(missions)
}

/// A new mission as the API returns it, and its rows.
struct New {
    mission: Mission,
    row: mission::ActiveModel,
    roles: Vec<mission_role::ActiveModel>,
}

impl New {
    fn of(tx: &Tx, org: OrgId, planned: PlannedMission) -> Self {
        let id = tx.new_id();
        let row = mission::ActiveModel {
            org_id: Set(org),
            id: Set(id),
            cancelled_at: Set(None),
            created_at: Set(tx.now),
            ..columns(&planned, tx.now)
        };
        let PlannedMission { title, timezone, roles, form } = planned;
        let rows = (0..).zip(roles).map(|(position, role)| role_row(tx, org, id, position, role));
        let rows: Vec<_> = rows.collect();
        let role = |row: &mission_role::Model| MissionRole {
            id: row.id,
            role_name: row.role_name.clone(),
            quota: row.quota,
            invited: 0,
            accepted: 0,
        };
        let mission = Mission {
            id,
            project_id: form.project_id,
            title: title.into(),
            role: rows.first().map(|role| role.role_name.clone()),
            location: form.location.map(Into::into),
            start_at: form.start_at,
            end_at: form.end_at,
            timezone: timezone.into(),
            note: form.note.map(Into::into),
            cancelled_at: None,
            roles: rows.iter().map(role).collect(),
            created_at: tx.now,
            updated_at: tx.now,
        };
        Self { mission, row, roles: rows.into_iter().map(IntoActiveModel::into_active_model).collect() }
    }
}

/// The columns that a plan sets.
fn columns(planned: &PlannedMission, now: Timestamp) -> mission::ActiveModel {
    let PlannedMission { title, timezone, roles: _, form } = planned;
    // Every member is named, so that a new one cannot be forgotten here. Those of the plan itself were taken out of the form.
    let MissionForm {
        project_id,
        override_reason: _,
        title: _,
        role: _,
        location,
        start_at,
        end_at,
        timezone: _,
        note,
        roles: _,
    } = form;
    mission::ActiveModel {
        project_id: Set(*project_id),
        search: Set(search_text(planned)),
        title: Set(title.to_string()),
        location: Set(location.as_ref().map(ToString::to_string)),
        starts_at: Set(*start_at),
        ends_at: Set(*end_at),
        timezone: Set(timezone.to_string()),
        note: Set(note.as_ref().map(ToString::to_string)),
        updated_at: Set(now),
        ..Default::default()
    }
}

pub(super) fn role_row(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    position: i32,
    form: MissionRoleForm,
) -> mission_role::Model {
    mission_role::Model {
        org_id: org,
        id: tx.new_id(),
        mission_id: mission,
        name_key: form.role_name.key(),
        role_name: form.role_name.into(),
        quota: form.quota,
        position,
        created_at: tx.now,
    }
}

/// What decisions about the assignments of a locked mission depend on.
#[derive(Debug, Clone)]
pub struct Locked {
    pub start_at: Timestamp,
    pub end_at: Timestamp,
    pub timezone: String,
    pub location: Option<String>,
    pub cancelled: bool,
    pub project: Option<ProjectId>,
    pub updated_at: Timestamp,
}

impl From<mission::Model> for Locked {
    fn from(row: mission::Model) -> Self {
        Self {
            start_at: row.starts_at,
            end_at: row.ends_at,
            timezone: row.timezone,
            location: row.location,
            cancelled: row.cancelled_at.is_some(),
            project: row.project_id,
            updated_at: row.updated_at,
        }
    }
}

/// Locks the mission (`FOR SHARE`) until the transaction ends.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_share(tx: &Tx, org: OrgId, id: MissionId) -> Result<Locked, Error> {
    let found = mission::Entity::find_by_id((org, id)).lock(LockType::Share).one(tx).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// Locks missions (`FOR SHARE`) in one statement, by id; those that do not exist are absent.
///
/// # Errors
/// When the database fails.
pub async fn lock_all_for_share(
    tx: &Tx,
    org: OrgId,
    ids: impl IntoIterator<Item = MissionId>,
) -> Result<HashMap<MissionId, Locked>, Error> {
    lock_all(tx, org, ids, LockType::Share).await
}

/// The same `FOR UPDATE`.
///
/// # Errors
/// When the database fails.
pub async fn lock_all_for_update(
    tx: &Tx,
    org: OrgId,
    ids: impl IntoIterator<Item = MissionId>,
) -> Result<HashMap<MissionId, Locked>, Error> {
    lock_all(tx, org, ids, LockType::Update).await
}

async fn lock_all(
    tx: &Tx,
    org: OrgId,
    ids: impl IntoIterator<Item = MissionId>,
    strength: LockType,
) -> Result<HashMap<MissionId, Locked>, Error> {
    let rows = mission::Entity::of(org)
        .filter(mission::Column::Id.is_in(ids))
        .order_by_asc(mission::Column::Id)
        .lock(strength)
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, Locked::from(row))).collect())
}

/// Locks the roles of missions (`FOR NO KEY UPDATE`), by id, as whoever accepts a place of one does.
///
/// # Errors
/// When the database fails.
pub async fn lock_roles_for_no_key_update(
    tx: &Tx,
    org: OrgId,
    missions: impl IntoIterator<Item = MissionId>,
) -> Result<(), Error> {
    let rows = mission_role::Entity::of(org)
        .filter(mission_role::Column::MissionId.is_in(missions))
        .order_by_asc(mission_role::Column::Id)
        .lock(LockType::NoKeyUpdate);
    rows.all(tx).await?;
    Ok(())
}

/// Locks the project named in a body (`FOR SHARE`) and refuses it when it is archived.
pub async fn lock_project_for_share(tx: &Tx, org: OrgId, project: Option<ProjectId>) -> Result<(), Error> {
    let Some(project) = project else { return Ok(()) };
    crate::resources::projects::lock_for_share(tx, org, project)
        .await
        .map_err(Error::referred("/project_id", "project"))
}

/// A role name is unique within a mission.
const NAME: Constraint = Constraint::unique(
    "mission_roles_name",
    "mission_roles.org_id, mission_roles.mission_id, mission_roles.name_key",
);

/// A quota is not below the number of accepted users.
const QUOTA: Constraint = Constraint::trigger("mission_roles_quota");

/// Maps a violated constraint on mission roles to the error of the API.
fn meaning_for_roles(error: &DbErr) -> Option<Error> {
    let detail = "A mission has each role once; add up their quotas.";
    NAME.meaning(error, || Duplicate { pointer: "/roles", detail })
        .or_else(|| QUOTA.meaning(error, || assignments::QuotaReached))
}

/// Locks the mission (`FOR UPDATE`): no other transaction changes it or its assignments until this one ends.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_update(tx: &Tx, org: OrgId, id: MissionId) -> Result<Mission, Error> {
    let row = mission::Entity::find_by_id((org, id)).lock(LockType::Update).one(tx).await?;
    row.ok_or(NotFound)?;
    get(tx, org, id).await
}

/// Updates a locked mission; writes nothing if `planned` equals `current_plan`. Existing roles in `planned` have their ids; no
/// assignment refers to a removed role.
///
/// # Errors
/// [`ScheduleConflict`](assignments::ScheduleConflict), [`Duplicate`] or [`QuotaReached`](assignments::QuotaReached) if the schema
/// refuses what was checked before.
pub async fn update(
    tx: &Tx,
    org: OrgId,
    before: &Mission,
    current_plan: &PlannedMission,
    planned: PlannedMission,
) -> Result<Mission, Error> {
    if planned == *current_plan {
        return Ok(before.clone());
    }
    mission::Entity::update_of(org)
        .set(columns(&planned, tx.now))
        .col_expr(mission::Column::Sequence, next_sequence())
        .filter(mission::Column::Id.eq(before.id))
        .exec(tx)
        .await
        // The trigger `missions_move_assignments` moves the assignments; their constraints may refuse.
        .or_refusal(assignments::meaning_of)?;
    if planned.roles != current_plan.roles {
        replace_roles(tx, org, before, planned.roles).await?;
    }
    let after = get(tx, org, before.id).await?;
    tx.record(org, &MissionEvent::Updated { before, after: &after }).await?;
    Ok(after)
}

/// SEQUENCE of a calendar entry (RFC 5545, 3.8.7.4) never falls.
pub(super) fn next_sequence() -> Expr {
    Expr::col(mission::Column::Sequence).add(1)
}

/// Notes that a mission has moved, whose users are to be told when it has settled.
///
/// # Errors
/// When the database fails.
pub async fn note_move(tx: &Tx, org: OrgId, id: MissionId) -> Result<(), Error> {
    let since = Func::coalesce([Expr::col(mission::Column::MovingSince), Expr::value(tx.now)]);
    mission::Entity::update_of(org)
        .set(mission::ActiveModel { moved_at: Set(Some(tx.now)), ..Default::default() })
        .col_expr(mission::Column::MovingSince, since.into())
        .filter(mission::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Notes that the users of a mission are being told where it has moved to.
///
/// # Errors
/// When the database fails.
pub async fn note_settled(tx: &Tx, org: OrgId, id: MissionId) -> Result<(), Error> {
    let settled = mission::ActiveModel { moving_since: Set(None), ..Default::default() };
    mission::Entity::update_of(org).set(settled).filter(mission::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

async fn replace_roles(
    tx: &Tx,
    org: OrgId,
    before: &Mission,
    roles: Vec<MissionRoleForm>,
) -> Result<(), Error> {
    let kept: Vec<_> = roles.iter().filter_map(|role| role.id).collect();
    for role in before.roles.iter().filter(|role| !kept.contains(&role.id)) {
        mission_role::Entity::delete_by_id((org, role.id)).exec(tx).await?;
    }
    // Roles may swap names, so their unique keys are first replaced by temporary ones.
    for id in &kept {
        let aside = NameKey::placeholder(id);
        let row = mission_role::ActiveModel { name_key: Set(aside), ..Default::default() };
        update_role(tx, org, *id, row).await?;
    }
    for (position, form) in (0..).zip(roles) {
        match form.id {
            Some(id) => {
                let row = mission_role::ActiveModel {
                    name_key: Set(form.role_name.key()),
                    role_name: Set(form.role_name.into()),
                    quota: Set(form.quota),
                    position: Set(position),
                    ..Default::default()
                };
                update_role(tx, org, id, row).await?;
            }
            None => {
                let row = role_row(tx, org, before.id, position, form);
                let insert = mission_role::Entity::insert(row.into_active_model());
                insert.exec_without_returning(tx).await.or_refusal(meaning_for_roles)?;
            }
        }
    }
    Ok(())
}

async fn update_role(
    tx: &Tx,
    org: OrgId,
    id: MissionRoleId,
    row: mission_role::ActiveModel,
) -> Result<(), Error> {
    let update = mission_role::Entity::update_of(org).set(row).filter(mission_role::Column::Id.eq(id));
    update.exec(tx).await.or_refusal(meaning_for_roles)?;
    Ok(())
}

/// Cancels a locked mission, which must not be cancelled yet. This is final.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &Tx, org: OrgId, before: Mission) -> Result<Mission, Error> {
    let row = mission::ActiveModel {
        cancelled_at: Set(Some(tx.now)),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    mission::Entity::update_of(org)
        .set(row)
        .col_expr(mission::Column::Sequence, next_sequence())
        .filter(mission::Column::Id.eq(before.id))
        .exec(tx)
        .await?;
    let after = get(tx, org, before.id).await?;
    tx.record(org, &MissionEvent::Cancelled { before: &before, after: &after }).await?;
    Ok(after)
}

/// Deletes a locked mission.
///
/// # Errors
/// [`MissionNotEmpty`] while it has an assignment, whatever its status.
pub async fn delete(tx: &Tx, org: OrgId, mission: &Mission) -> Result<(), Error> {
    if is_referenced(tx, ("assignments", "mission_id"), org, mission.id).await? {
        return Err(MissionNotEmpty.into());
    }
    mission::Entity::delete_by_id((org, mission.id)).exec(tx).await?;
    tx.record(org, &MissionEvent::Deleted { before: mission }).await
}
