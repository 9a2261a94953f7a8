//! What users were told of a mission and agreed to, kept while the mission changes.

use super::{
    super::{
        entity::assignment,
        event::AssignmentEvent,
        model::{Assignment, AssignmentStatus},
        read::get,
        refusal::InvalidTransition,
        told::Told,
    },
    Locked,
};
use crate::{
    db::{JsonText, OfOrg, Tx},
    error::Error,
    ids::{AssignmentId, OrgId},
    resources::missions::{self, Mission},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeSet;

#[derive(Debug, FromQueryResult)]
struct Affected {
    id: AssignmentId,
    status: AssignmentStatus,
    needs_confirmation: bool,
    told_at: Option<crate::timestamp::Timestamp>,
    agreed: Option<JsonText>,
    shown: Option<JsonText>,
}

/// Keeps what the users of a locked mission (`FOR UPDATE`) knew before its time or place changed, and notes who has to
/// confirm. Does nothing when neither changed.
///
/// # Errors
/// When the database fails.
pub async fn note_move(tx: &Tx, org: OrgId, before: &Mission, after: &Mission) -> Result<(), Error> {
    note_move_of_others(tx, org, (before, after), &BTreeSet::new()).await
}

/// The same but for some, of whom it is known otherwise.
///
/// # Errors
/// When the database fails.
pub async fn note_move_of_others(
    tx: &Tx,
    org: OrgId,
    (before, after): (&Mission, &Mission),
    but: &BTreeSet<AssignmentId>,
) -> Result<(), Error> {
    use assignment::{ActiveModel, Column};
    let (was, is) = (Told::of(before), Told::of(after));
    if was == is {
        return Ok(());
    }
    let mut affected: Vec<Affected> = assignment::Entity::of(org)
        .select_only()
        .columns([
            Column::Id,
            Column::Status,
            Column::NeedsConfirmation,
            Column::ToldAt,
            Column::Agreed,
            Column::Shown,
        ])
        .filter(Column::MissionId.eq(after.id))
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .order_by_asc(Column::Id)
        .into_model()
        .all(tx)
        .await?;
    affected.retain(|one| !but.contains(&one.id));
    let accepted = |one: &&Affected| one.status == AssignmentStatus::Accepted;
    let knows = |one: &&Affected| one.told_at.is_some() || accepted(one);
    if !affected.iter().any(|one| knows(&one)) {
        return Ok(());
    }
    // What is over is confirmed by nobody.
    let over = after.end_at <= tx.now;
    let to_confirm = |one: &Affected| {
        let agreed = one.agreed.as_ref().and_then(Told::stored);
        !over && agreed.as_ref().unwrap_or(&was).is_outdated(&is)
    };
    let set = async |ids: Vec<AssignmentId>, row: ActiveModel| update(tx, org, ids, row).await;
    let ids = |rows: &mut dyn Iterator<Item = &Affected>| rows.map(|one| one.id).collect::<Vec<_>>();
    let first = affected.iter().filter(accepted).filter(|one| one.agreed.is_none());
    let agreed = ActiveModel { agreed: Set(Some(was.to_stored()?)), ..Default::default() };
    set(ids(&mut first.into_iter()), agreed).await?;
    let first = affected.iter().filter(knows).filter(|one| one.shown.is_none());
    let shown = ActiveModel { shown: Set(Some(was.to_stored()?)), ..Default::default() };
    set(ids(&mut first.into_iter()), shown).await?;
    for needed in [true, false] {
        let changed = affected
            .iter()
            .filter(accepted)
            .filter(|one| one.needs_confirmation != needed && to_confirm(one) == needed);
        let row = ActiveModel { needs_confirmation: Set(needed), ..Default::default() };
        set(ids(&mut changed.into_iter()), row).await?;
    }
    missions::note_move(tx, org, after.id).await
}

/// The user of a locked assignment, or a manager for them, agrees to the present time and place. Writes nothing when that
/// is what they had agreed to.
///
/// # Errors
/// [`InvalidTransition`] for an assignment that is not accepted.
pub async fn confirm(tx: &Tx, locked: &Locked) -> Result<Assignment, Error> {
    let (org, id) = (locked.row.org_id, locked.row.id);
    if locked.row.status != AssignmentStatus::Accepted {
        return Err(InvalidTransition { from: locked.row.status, to: AssignmentStatus::Accepted }.into());
    }
    let before = get(tx, org, id).await?;
    if !before.needs_confirmation {
        return Ok(before);
    }
    let confirmed = assignment::ActiveModel {
        needs_confirmation: Set(false),
        agreed: Set(None),
        shown: Set(None),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    update(tx, org, vec![id], confirmed).await?;
    let after = get(tx, org, id).await?;
    tx.record(org, &AssignmentEvent::Confirmed { before: &before, after: &after }).await?;
    Ok(after)
}

/// Notes that a mail has told the users of locked assignments what it says. Returns those who have to be told again,
/// because the mission moved while the mail was under way.
///
/// # Errors
/// When the database fails.
pub async fn note_told(
    tx: &Tx,
    org: OrgId,
    told: impl IntoIterator<Item = (&Locked, &Told)>,
) -> Result<Vec<AssignmentId>, Error> {
    use assignment::ActiveModel;
    let (mut current, mut outdated) = (Vec::new(), Vec::new());
    for (locked, told) in told {
        match told.is_outdated(&locked.told()) {
            true => outdated.push((locked.row.id, told)),
            false => current.push(locked.row.id),
        }
    }
    let told_now = || ActiveModel { told_at: Set(Some(tx.now)), ..Default::default() };
    update(tx, org, current, ActiveModel { shown: Set(None), ..told_now() }).await?;
    for (id, told) in &outdated {
        let row = ActiveModel { shown: Set(Some(told.to_stored()?)), ..told_now() };
        update(tx, org, vec![*id], row).await?;
    }
    Ok(outdated.into_iter().map(|(id, _)| id).collect())
}

/// Notes that the users of these assignments, on which they are not any more, know that they are called off: nothing has to
/// be told of them again.
///
/// # Errors
/// When the database fails.
pub async fn note_called_off(tx: &Tx, org: OrgId, ids: Vec<AssignmentId>) -> Result<(), Error> {
    let row = assignment::ActiveModel { told_at: Set(None), shown: Set(None), ..Default::default() };
    update(tx, org, ids, row).await
}

async fn update(
    tx: &Tx,
    org: OrgId,
    ids: Vec<AssignmentId>,
    row: assignment::ActiveModel,
) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let chosen = assignment::Column::Id.is_in(ids);
    assignment::Entity::update_of(org).set(row).filter(chosen).exec(tx).await?;
    Ok(())
}
