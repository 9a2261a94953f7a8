//! Changes to the assignments of a mission that moves, changes its roles or is cancelled. The mission must be locked
//! (`FOR UPDATE`).

use super::{
    super::{
        entity::assignment,
        event::AssignmentEvent,
        model::{Assignment, AssignmentStatus},
        read::{self, MissionPeriod},
        refusal::{QuotaReached, ScheduleConflict},
    },
    DecidedBy, knows_the_present, meaning_of, next_sequence,
};
use crate::{
    db::{OfOrg, OrRefusal, Tx},
    error::{Conflicts, Error},
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, UserId},
    resources::{
        missions::{MissionRole, QuotaBelowAccepted},
        users,
    },
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr,
};
use std::collections::HashSet;

/// Overrides audited per batch, each with its conflicts.
const AUDIT_BATCH: usize = 50;

/// A permitted change of time: the accepted assignments that conflict with it (`overridden`), and those whose earlier override
/// is needed no longer (`cleared`). The default is no move at all: [`finish_move`] then does nothing.
#[derive(Debug, Default)]
pub struct Move {
    to: Option<MissionPeriod>,
    overridden: Vec<(AssignmentId, UserId)>,
    cleared: Vec<Assignment>,
}

/// Checks that the accepted users have no conflicts at the new time, or stores `reason` as the override of those who have.
/// Next, update the mission, then call [`finish_move`].
///
/// # Errors
/// [`ScheduleConflict`] with the conflicts of all, without a `reason`.
pub async fn begin_move(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    (start, end): (Timestamp, Timestamp),
    reason: Option<String>,
) -> Result<Move, Error> {
    let period = MissionPeriod { mission, start, end };
    let accepted = of_mission(org, mission, &[AssignmentStatus::Accepted]);
    let accepted: Vec<AcceptedRow> = accepted
        .select_only()
        .columns([assignment::Column::Id, assignment::Column::UserId, assignment::Column::ConflictOverride])
        .into_model()
        .all(tx)
        .await?;
    let user_ids = || accepted.iter().map(|one| one.user_id);
    // Until this transaction ends, none of them can be accepted elsewhere.
    users::lock_all_for_no_key_update(tx, org, user_ids()).await?;
    let users_in_conflict = if reason.is_some() {
        read::users_in_conflict(tx, org, user_ids(), period).await?
    } else {
        let conflicts = read::conflicts(tx, org, user_ids(), period).await?;
        if !conflicts.is_empty() {
            return Err(ScheduleConflict { conflicts }.into());
        }
        HashSet::new()
    };
    let (overridden, free): (Vec<_>, Vec<_>) =
        accepted.into_iter().partition(|one| users_in_conflict.contains(&one.user_id));
    let overridden: Vec<_> = overridden.into_iter().map(|one| (one.id, one.user_id)).collect();
    let cleared = free.into_iter().filter(|one| one.conflict_override.is_some()).map(|one| one.id).collect();
    let cleared = with_ids(tx, org, cleared).await?;
    // Before the mission moves, because the database refuses an overlap without an override immediately.
    set_override(tx, org, overridden.iter().map(|(id, _)| *id), reason).await?;
    Ok(Move { to: Some(period), overridden, cleared })
}

#[derive(Debug, FromQueryResult)]
struct AcceptedRow {
    id: AssignmentId,
    user_id: UserId,
    conflict_override: Option<String>,
}

async fn with_ids(tx: &Tx, org: OrgId, ids: Vec<AssignmentId>) -> Result<Vec<Assignment>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = assignment::Entity::of(org)
        .filter(assignment::Column::Id.is_in(ids))
        .order_by_asc(assignment::Column::Id);
    read::all(tx, org, select).await
}

/// Clears the overrides that are needed no longer, and records the new ones.
///
/// # Errors
/// When the database fails.
pub async fn finish_move(tx: &Tx, org: OrgId, the_move: Move) -> Result<(), Error> {
    let Some(period) = the_move.to else { return Ok(()) };
    // After the mission has moved, because these overlap others at its old time.
    set_override(tx, org, the_move.cleared.iter().map(|assignment| assignment.id), None).await?;
    let after = with_ids(tx, org, the_move.cleared.iter().map(|before| before.id).collect()).await?;
    record_updates(tx, org, &the_move.cleared, &after).await?;
    let none = Conflicts::default();
    for batch in the_move.overridden.chunks(AUDIT_BATCH) {
        let covered = read::conflicts_of_each(tx, org, batch.iter().map(|(_, user)| *user), period).await?;
        let after = with_ids(tx, org, batch.iter().map(|(id, _)| *id).collect()).await?;
        let of_user = |user| covered.get(user).unwrap_or(&none);
        let overridden =
            after.iter().map(|after| AssignmentEvent::overridden(after, of_user(&after.user_id)));
        tx.record_all(org, &overridden.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

async fn record_updates(
    tx: &Tx,
    org: OrgId,
    before: &[Assignment],
    after: &[Assignment],
) -> Result<(), Error> {
    let updates = before.iter().zip(after).map(|(before, after)| AssignmentEvent::Updated { before, after });
    tx.record_all(org, &updates.collect::<Vec<_>>()).await
}

/// Detaches `roles`, which are about to be deleted, from the assignments that refer to them: by then only
/// declined and cancelled ones do.
///
/// # Errors
/// When the database fails.
pub async fn detach_roles(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    roles: Vec<MissionRoleId>,
) -> Result<(), Error> {
    if roles.is_empty() {
        return Ok(());
    }
    change_role(tx, org, mission, assignment::Column::MissionRoleId.is_in(roles), None).await?;
    Ok(())
}

/// Gives the mission's only role to the assignments that have none. Returns whether there were any.
///
/// # Errors
/// [`QuotaBelowAccepted`] when the role's quota is too low for the accepted ones.
pub async fn assign_only_role(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    role: &MissionRole,
) -> Result<bool, Error> {
    let without = assignment::Column::MissionRoleId.is_null();
    change_role(tx, org, mission, without, Some(role)).await.map_err(|error| {
        match error.is::<QuotaReached>() {
            true => QuotaBelowAccepted { role: role.role_name.clone() }.into(),
            false => error,
        }
    })
}

async fn change_role(
    tx: &Tx,
    org: OrgId,
    mission: MissionId,
    filter: Expr,
    to: Option<&MissionRole>,
) -> Result<bool, Error> {
    let select = assignment::Entity::of(org)
        .filter(assignment::Column::MissionId.eq(mission))
        .filter(filter)
        .order_by_asc(assignment::Column::Id);
    let before = read::all(tx, org, select).await?;
    if before.is_empty() {
        return Ok(false);
    }
    assignment::Entity::update_of(org)
        .set(assignment::ActiveModel {
            mission_role_id: Set(to.map(|role| role.id)),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .col_expr(assignment::Column::Sequence, next_sequence())
        .filter(assignment::Column::Id.is_in(before.iter().map(|assignment| assignment.id)))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    let changed = |before: &Assignment| Assignment {
        mission_role_id: to.map(|role| role.id),
        role_name: to.map(|role| role.role_name.clone()),
        updated_at: tx.now,
        ..before.clone()
    };
    let after: Vec<_> = before.iter().map(changed).collect();
    record_updates(tx, org, &before, &after).await?;
    Ok(true)
}

/// Cancels the invited and accepted assignments of a mission.
///
/// # Errors
/// When the database fails.
pub async fn cancel_all(tx: &Tx, org: OrgId, mission: MissionId) -> Result<(), Error> {
    let active = || of_mission(org, mission, &[AssignmentStatus::Invited, AssignmentStatus::Accepted]);
    let before = read::all(tx, org, active()).await?;
    let ids: Vec<_> = before.iter().map(|assignment| assignment.id).collect();
    assignment::Entity::update_of(org)
        .set(assignment::ActiveModel {
            status: Set(AssignmentStatus::Cancelled),
            conflict_override: Set(None::<String>),
            updated_at: Set(tx.now),
            ..knows_the_present(AssignmentStatus::Cancelled, DecidedBy::Planner)
        })
        .col_expr(assignment::Column::Sequence, next_sequence())
        .filter(assignment::Column::Id.is_in(ids))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    let changed = |before: &Assignment| Assignment {
        status: AssignmentStatus::Cancelled,
        conflict_override: None,
        needs_confirmation: false,
        updated_at: tx.now,
        ..before.clone()
    };
    let after: Vec<_> = before.iter().map(changed).collect();
    let event = |(before, after)| AssignmentEvent::StatusChanged { before, after };
    tx.record_all(org, &before.iter().zip(&after).map(event).collect::<Vec<_>>()).await
}

fn of_mission(
    org: OrgId,
    mission: MissionId,
    statuses: &[AssignmentStatus],
) -> sea_orm::Select<assignment::Entity> {
    assignment::Entity::of(org)
        .filter(assignment::Column::MissionId.eq(mission))
        .filter(assignment::Column::Status.is_in(statuses.iter().copied()))
        .order_by_asc(assignment::Column::Id)
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
    assignment::Entity::update_of(org)
        .set(assignment::ActiveModel {
            conflict_override: Set(reason),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(assignment::Column::Id.is_in(ids))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    Ok(())
}
