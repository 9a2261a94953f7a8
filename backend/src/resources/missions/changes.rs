//! Changing missions. What happens to their people when they move or are called off is for [`assignments`] to say;
//! the handlers call both in one transaction.
//!
//! [`assignments`]: crate::resources::assignments

use super::{
    entity::{mission, mission_role},
    model::{Mission, MissionRoleForm},
    refusal::MissionNotEmpty,
    rules::{self, PlannedMission},
    store::{get, role_row},
};
use crate::{
    db::{Constraint, Tx, is_named},
    error::{Duplicate, Error, NotFound},
    ids::{MissionId, MissionRoleId, OrgId},
    resources::{assignments, audit},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};

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
