//! What happens to the people of a mission that moves or is called off. Its row is held by the caller.

use super::{
    model::{Assignment, AssignmentStatus},
    store, table,
    writes::override_entry,
};
use crate::{
    db::{Timestamp, Tx},
    error::{Clash, Error},
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, UserId},
    resources::{audit, missions::MissionRole, users},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};
use std::collections::HashMap;

/// A move that may be carried out: the accepted people who are taken at the new time, and those whose earlier override
/// ends with it.
#[derive(Debug, Default)]
pub struct Move {
    overridden: Vec<(AssignmentId, Vec<Clash>)>,
    cleared: Vec<Assignment>,
}

/// Checks that the accepted people of a mission are free at its new time, or marks those who are not with the reason.
/// The mission moves next, and [`finish_move`] follows.
///
/// # Errors
/// [`Error::ScheduleConflict`] with every clash of everyone.
pub async fn begin_move(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    period: (Timestamp, Timestamp),
    reason: Option<String>,
) -> Result<Move, Error> {
    let accepted = store::all(tx, of_mission(org, mission, &[AssignmentStatus::Accepted])).await?;
    let people: Vec<UserId> = accepted.iter().map(|assignment| assignment.user_id).collect();
    // Nobody of them is accepted elsewhere until this transaction ends.
    users::lock_all(tx, org, people.iter().copied()).await?;
    let clashes = store::clashes(tx, org, people, period, mission).await?;
    if !clashes.is_empty() && reason.is_none() {
        return Err(Error::ScheduleConflict(clashes));
    }
    let mut of_person: HashMap<UserId, Vec<Clash>> = HashMap::new();
    for clash in clashes {
        of_person.entry(clash.user()).or_default().push(clash);
    }
    let mut moving = Move::default();
    for assignment in accepted {
        if let Some(own) = of_person.remove(&assignment.user_id) {
            moving.overridden.push((assignment.id, own));
        } else if assignment.conflict_override.is_some() {
            moving.cleared.push(assignment);
        }
    }
    // Before the move: the database refuses an overlap without a reason at once.
    set_override(tx, org, moving.overridden.iter().map(|(id, _)| *id), reason).await?;
    Ok(moving)
}

/// Ends what an earlier override covered, and records what the new one does.
///
/// # Errors
/// When the database fails.
pub async fn finish_move(tx: &Tx, org: OrgId, moved: Move) -> Result<(), Error> {
    let ids = moved.cleared.iter().map(|before| before.id).chain(moved.overridden.iter().map(|(id, _)| *id));
    let ids: Vec<_> = ids.collect();
    if ids.is_empty() {
        return Ok(());
    }
    // After the move: until then these overlap still.
    set_override(tx, org, moved.cleared.iter().map(|assignment| assignment.id), None).await?;
    let chosen =
        table::Entity::find().filter(table::Column::OrgId.eq(org)).filter(table::Column::Id.is_in(ids));
    let after: HashMap<_, _> = store::all(tx, chosen).await?.into_iter().map(|one| (one.id, one)).collect();
    let mut entries = Vec::with_capacity(after.len());
    for before in &moved.cleared {
        let after = after.get(&before.id).ok_or(Error::NotFound)?;
        entries.push(audit::Entry::of("assignment.update", before.id).before(before).after(after));
    }
    for (id, clashes) in &moved.overridden {
        entries.push(override_entry(after.get(id).ok_or(Error::NotFound)?, clashes));
    }
    audit::Entry::record_all(entries, tx, Some(org)).await
}

/// Takes these roles, which are about to go, from those who still name one: people who said no or were called off.
///
/// # Errors
/// When the database fails.
pub async fn leave_roles(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    roles: Vec<MissionRoleId>,
) -> Result<(), Error> {
    if roles.is_empty() {
        return Ok(());
    }
    change_role(tx, org, mission, table::Column::MissionRoleId.is_in(roles), None).await?;
    Ok(())
}

/// On a mission with exactly one role everyone without a role takes that one. Tells whether anyone did.
///
/// # Errors
/// [`Error::QuotaBelowAccepted`] when more of them are accepted than it has room for.
pub async fn take_role(tx: &Tx, org: OrgId, mission: MissionId, role: &MissionRole) -> Result<bool, Error> {
    let without = table::Column::MissionRoleId.is_null();
    change_role(tx, org, mission, without, Some(role)).await.map_err(|error| match error {
        Error::QuotaReached => Error::QuotaBelowAccepted(role.role_name.clone()),
        error => error,
    })
}

async fn change_role(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    whose: Expr,
    to: Option<&MissionRole>,
) -> Result<bool, Error> {
    let chosen = table::Entity::find()
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::MissionId.eq(mission))
        .filter(whose)
        .order_by_asc(table::Column::Id);
    let before = store::all(tx, chosen).await?;
    if before.is_empty() {
        return Ok(false);
    }
    table::Entity::update_many()
        .col_expr(table::Column::MissionRoleId, Expr::value(to.map(|role| role.id)))
        .col_expr(table::Column::UpdatedAt, Expr::value(tx.now))
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::Id.is_in(before.iter().map(|assignment| assignment.id)))
        .exec(tx)
        .await?;
    let entry = |before: &Assignment| {
        let after =
            Assignment { mission_role_id: to.map(|role| role.id), updated_at: tx.now, ..before.clone() };
        audit::Entry::of("assignment.update", before.id).before(before).after(&after)
    };
    audit::Entry::record_all(before.iter().map(entry).collect(), tx, Some(org)).await?;
    Ok(true)
}

/// Calls off everyone who is invited to or accepted on a mission.
///
/// # Errors
/// When the database fails.
pub async fn cancel_all(tx: &Tx, org: OrgId, mission: MissionId) -> Result<(), Error> {
    let active = || of_mission(org, mission, &[AssignmentStatus::Invited, AssignmentStatus::Accepted]);
    let before = store::all(tx, active()).await?;
    let ids: Vec<_> = before.iter().map(|assignment| assignment.id).collect();
    table::Entity::update_many()
        .col_expr(table::Column::Status, Expr::value(AssignmentStatus::Cancelled))
        .col_expr(table::Column::ConflictOverride, Expr::value(None::<String>))
        .col_expr(table::Column::UpdatedAt, Expr::value(tx.now))
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    let entry = |before: &Assignment| {
        let after = Assignment {
            status: AssignmentStatus::Cancelled,
            conflict_override: None,
            updated_at: tx.now,
            ..before.clone()
        };
        audit::Entry::of("assignment.status", before.id).before(before).after(&after)
    };
    audit::Entry::record_all(before.iter().map(entry).collect(), tx, Some(org)).await
}

fn of_mission(
    org: OrgId,
    mission: MissionId,
    statuses: &[AssignmentStatus],
) -> sea_orm::Select<table::Entity> {
    table::Entity::find()
        .filter(table::Column::OrgId.eq(org))
        .filter(table::Column::MissionId.eq(mission))
        .filter(table::Column::Status.is_in(statuses.iter().copied()))
        .order_by_asc(table::Column::Id)
}

async fn set_override(
    tx: &Tx,
    org: OrgId,
    ids: impl Iterator<Item = AssignmentId>,
    reason: Option<String>,
) -> Result<(), Error> {
    let ids: Vec<_> = ids.collect();
    if ids.is_empty() {
        return Ok(());
    }
    table::Entity::update_many()
        .col_expr(table::Column::ConflictOverride, Expr::value(reason))
        .col_expr(table::Column::UpdatedAt, Expr::value(tx.now))
        .filter(Expr::col(table::Column::OrgId).eq(org))
        .filter(table::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(())
}
