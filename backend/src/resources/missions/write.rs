//! Writing missions.

use super::{
    entity::{mission, mission_role},
    model::{Mission, MissionRole, MissionRoleForm},
    read::get,
    refusal::MissionNotEmpty,
    rules::{self, PlannedMission, searched},
};
use crate::{
    db::{Constraint, Tx, is_named},
    error::{Duplicate, Error, NotFound},
    ids::{MissionId, MissionRoleId, OrgId, ProjectId},
    resources::{assignments, audit},
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};
use std::collections::HashMap;

/// Creates missions, with few statements however many they are.
///
/// # Errors
/// When the database fails; the projects must have been checked.
pub async fn create_all(tx: &Tx, org: OrgId, planned: Vec<PlannedMission>) -> Result<Vec<Mission>, Error> {
    let mut rows = Vec::with_capacity(planned.len());
    let mut role_rows = Vec::new();
    let mut missions = Vec::with_capacity(planned.len());
    for plan in planned {
        let row = mission::Model {
            org_id: org,
            id: tx.new_id(),
            project_id: plan.project_id,
            search: searched(&plan),
            title: plan.title,
            location: plan.location,
            starts_at: plan.start_at,
            ends_at: plan.end_at,
            timezone: plan.timezone,
            note: plan.note,
            cancelled_at: None,
            created_at: tx.now,
            updated_at: tx.now,
        };
        let mut roles = Vec::with_capacity(plan.roles.len());
        for (position, form) in (0..).zip(plan.roles) {
            let role = role_row(tx, org, row.id, position, form);
            roles.push(MissionRole {
                id: role.id,
                role_name: role.role_name.clone(),
                quota: role.quota,
                invited: 0,
                accepted: 0,
            });
            role_rows.push(role.into_active_model());
        }
        missions.push(view(&row, roles));
        rows.push(row.into_active_model());
    }
    tx.insert_all(rows).await?;
    tx.insert_all(role_rows).await.map_err(roles_refused)?;
    let entries = missions
        .iter()
        .map(|mission| audit::Entry::of("mission.create", mission.id).after(mission))
        .collect();
    audit::Entry::record_all(entries, tx, Some(org)).await?;
    Ok(missions)
}

/// A new role of a mission.
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

/// A mission as a decision about its people needs it.
#[derive(Debug, Clone)]
pub struct Locked {
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends.
    pub end_at: Timestamp,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// What it belongs to.
    pub project: Option<ProjectId>,
}

impl From<mission::Model> for Locked {
    fn from(row: mission::Model) -> Self {
        Self {
            start_at: row.starts_at,
            end_at: row.ends_at,
            cancelled: row.cancelled_at.is_some(),
            project: row.project_id,
        }
    }
}

/// Keeps a mission as it is until the transaction ends; others may do so at the same time.
///
/// # Errors
/// [`NotFound`].
pub async fn lock(tx: &Tx, org: OrgId, id: MissionId) -> Result<Locked, Error> {
    let found = mission::Entity::find_by_id((org, id)).lock(LockType::Share).one(tx).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// Several missions at once, in one statement; those that do not exist are absent.
///
/// # Errors
/// When the database fails.
pub async fn lock_all(
    tx: &Tx,
    org: OrgId,
    ids: impl IntoIterator<Item = MissionId>,
) -> Result<HashMap<MissionId, Locked>, Error> {
    let rows = mission::Entity::find()
        .filter(mission::Column::OrgId.eq(org))
        .filter(mission::Column::Id.is_in(ids))
        .order_by_asc(mission::Column::Id)
        .lock(LockType::Share)
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, Locked::from(row))).collect())
}

fn view(row: &mission::Model, roles: Vec<MissionRole>) -> Mission {
    Mission {
        id: row.id,
        project_id: row.project_id,
        title: row.title.clone(),
        role: roles.first().map(|role| role.role_name.clone()),
        location: row.location.clone(),
        start_at: row.starts_at,
        end_at: row.ends_at,
        timezone: row.timezone.clone(),
        note: row.note.clone(),
        cancelled_at: row.cancelled_at,
        roles,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Makes sure that the project named in a body takes new work until the transaction ends.
pub async fn lock_project(tx: &Tx, org: OrgId, project: Option<ProjectId>) -> Result<(), Error> {
    let Some(project) = project else { return Ok(()) };
    crate::resources::projects::lock_for_work(tx, org, project)
        .await
        .map_err(Error::referred("/project_id", "project"))
}

/// A mission has each role once.
const NAME: Constraint = Constraint::unique(
    "mission_roles_name",
    "mission_roles.org_id, mission_roles.mission_id, mission_roles.name_key",
);

/// A quota below the number of those who have accepted.
const QUOTA: Constraint = Constraint::trigger("mission_roles_quota");

/// What it means that the schema refused a write of mission roles.
pub(super) fn roles_refused(error: DbErr) -> Error {
    if QUOTA.refused(&error) {
        return assignments::QuotaReached.into();
    }
    let detail = "A mission has each role once; add up their quotas.";
    NAME.or(error, || Duplicate { pointer: "/roles", detail })
}

/// A mission that nobody else changes, joins or answers until the transaction ends.
///
/// # Errors
/// [`NotFound`].
pub async fn hold(tx: &Tx, org: OrgId, id: MissionId) -> Result<Mission, Error> {
    let row = mission::Entity::find_by_id((org, id)).lock(LockType::Update).one(tx).await?;
    row.ok_or(NotFound)?;
    get(tx, org, id).await
}

/// Gives a held mission its new form, whose roles are recognised and which nobody names a removed role of. The form it
/// has already changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn update(
    tx: &Tx,
    org: OrgId,
    before: &Mission,
    planned: PlannedMission,
) -> Result<Mission, Error> {
    use mission::Column;
    if rules::plan_change(before.form().into(), &before.timezone, before)
        .is_ok_and(|current| current == planned)
    {
        return Ok(before.clone());
    }
    mission::Entity::update_many()
        .col_expr(Column::ProjectId, Expr::value(planned.project_id))
        .col_expr(Column::Search, Expr::value(rules::searched(&planned)))
        .col_expr(Column::Title, Expr::value(planned.title))
        .col_expr(Column::Location, Expr::value(planned.location))
        .col_expr(Column::StartsAt, Expr::value(planned.start_at))
        .col_expr(Column::EndsAt, Expr::value(planned.end_at))
        .col_expr(Column::Timezone, Expr::value(planned.timezone))
        .col_expr(Column::Note, Expr::value(planned.note))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now))
        .filter(Column::OrgId.eq(org))
        .filter(Column::Id.eq(before.id))
        .exec(tx)
        .await
        // Those who are accepted move along.
        .map_err(assignments::refused)?;
    replace_roles(tx, org, before, planned.roles).await?;
    let after = get(tx, org, before.id).await?;
    audit::Entry::of("mission.update", after.id).before(before).after(&after).record(tx, org).await?;
    Ok(after)
}

async fn replace_roles(
    tx: &Tx,
    org: OrgId,
    before: &Mission,
    roles: Vec<MissionRoleForm>,
) -> Result<(), Error> {
    let current: Vec<_> = before.form().roles;
    if current == roles {
        return Ok(());
    }
    let kept: Vec<_> = roles.iter().filter_map(|role| role.id).collect();
    for role in before.roles.iter().filter(|role| !kept.contains(&role.id)) {
        mission_role::Entity::delete_by_id((org, role.id)).exec(tx).await?;
    }
    // Two roles may swap their names: their keys are out of the way meanwhile.
    for id in &kept {
        update_role(tx, org, *id, [(mission_role::Column::NameKey, Expr::value(format!("\u{1}{id}")))])
            .await?;
    }
    for (position, form) in (0..).zip(roles) {
        match form.id {
            Some(id) => {
                let columns = [
                    (mission_role::Column::NameKey, Expr::value(form.role_name.key())),
                    (mission_role::Column::RoleName, Expr::value(form.role_name.to_string())),
                    (mission_role::Column::Quota, Expr::value(form.quota)),
                    (mission_role::Column::Position, Expr::value(position)),
                ];
                update_role(tx, org, id, columns).await?;
            }
            None => {
                let row = role_row(tx, org, before.id, position, form);
                mission_role::Entity::insert(row.into_active_model())
                    .exec_without_returning(tx)
                    .await
                    .map_err(roles_refused)?;
            }
        }
    }
    Ok(())
}

async fn update_role<const N: usize>(
    tx: &Tx,
    org: OrgId,
    id: MissionRoleId,
    columns: [(mission_role::Column, Expr); N],
) -> Result<(), Error> {
    let update = mission_role::Entity::update_many()
        .filter(mission_role::Column::OrgId.eq(org))
        .filter(mission_role::Column::Id.eq(id));
    columns
        .into_iter()
        .fold(update, |update, (column, value)| update.col_expr(column, value))
        .exec(tx)
        .await
        .map_err(roles_refused)?;
    Ok(())
}

/// Calls a held mission off, for good. Called off already, it stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &Tx, org: OrgId, before: Mission) -> Result<Mission, Error> {
    let row = mission::ActiveModel {
        org_id: Set(org),
        id: Set(before.id),
        cancelled_at: Set(Some(tx.now)),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    mission::Entity::update(row).exec(tx).await?;
    let after = get(tx, org, before.id).await?;
    audit::Entry::of("mission.cancel", after.id).before(&before).after(&after).record(tx, org).await?;
    Ok(after)
}

/// Deletes a held mission.
///
/// # Errors
/// [`MissionNotEmpty`] while it has an assignment, whatever its status.
pub async fn delete(tx: &Tx, org: OrgId, mission: &Mission) -> Result<(), Error> {
    if is_named(tx, ("assignments", "mission_id"), org, mission.id).await? {
        return Err(MissionNotEmpty.into());
    }
    mission::Entity::delete_by_id((org, mission.id)).exec(tx).await?;
    audit::Entry::of("mission.delete", mission.id).before(mission).record(tx, org).await
}
