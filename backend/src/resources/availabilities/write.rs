//! Writing availabilities.

use super::{
    entity::availability,
    event::AvailabilityEvent,
    model::{Availability, AvailabilityForm, AvailabilityStatus, NewAvailability},
    read::{Approved, get},
    refusal::AvailabilityOverlap,
};
use crate::{
    db::{Constraint, OfOrg, OrRefusal, Tx},
    error::{Conflict, Conflicts, Error, NotFound},
    ids::{AvailabilityId, OrgId, UserId},
    resources::{missions, orgs, users},
    text::ZoneName,
    timestamp::Timestamp,
};
use jiff::tz::TimeZone;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::LockType,
};

/// Approved availabilities of one user and kind never overlap.
const NO_OVERLAP: Constraint = Constraint::trigger("availabilities_no_overlap");

fn meaning_of(error: &DbErr) -> Option<Error> {
    NO_OVERLAP.meaning(error, || AvailabilityOverlap { conflicts: Conflicts::default() })
}

/// Creates a pending availability.
///
/// # Errors
/// [`Error::Invalid`] for the period, [`UnknownReference`](crate::error::UnknownReference) for the user.
pub async fn create(tx: &Tx, org: OrgId, new: NewAvailability) -> Result<Availability, Error> {
    refuse_period(tx, org, new.start_at, new.end_at).await?;
    users::lock_for_no_key_update(tx, org, new.user_id).await.map_err(Error::referred("/user_id", "user"))?;
    let row = availability::Model {
        org_id: org,
        id: tx.new_id(),
        user_id: new.user_id,
        starts_at: new.start_at,
        ends_at: new.end_at,
        status: AvailabilityStatus::Pending,
        note: new.note.map(Into::into),
        created_at: tx.now,
        updated_at: tx.now,
        kind: new.kind,
    };
    availability::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx)
        .await
        .or_refusal(meaning_of)?;
    let created = Availability::from(row);
    tx.record(org, &AvailabilityEvent::Created { after: &created }).await?;
    Ok(created)
}

/// The 31 days are counted in the org's time zone.
async fn refuse_period(tx: &Tx, org: OrgId, start: Timestamp, end: Timestamp) -> Result<(), Error> {
    // A zone that is no longer in this program's database counts as UTC: the caller could not choose another one here.
    let zone = ZoneName::zone(&orgs::timezone(tx, org).await?).unwrap_or(TimeZone::UTC);
    missions::period_mistake(start, end, &zone).map_or(Ok(()), |mistake| Err(Error::Invalid(vec![mistake])))
}

/// Locks the user of an availability, then the availability (`FOR NO KEY UPDATE`): nothing else of the user is approved
/// meanwhile.
///
/// # Errors
/// [`NotFound`].
pub async fn lock_for_no_key_update(tx: &Tx, org: OrgId, id: AvailabilityId) -> Result<Availability, Error> {
    let user = get(tx, org, id).await?.user_id;
    users::lock_for_no_key_update(tx, org, user).await?;
    let found = availability::Entity::find_by_id((org, id)).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// Changes a locked availability. A manager's change keeps its status, and of an approved one the overlaps are checked again; a
/// user's own is pending again when its time or its kind changes.
///
/// # Errors
/// [`Error::Invalid`], or [`AvailabilityOverlap`].
pub async fn update(
    tx: &Tx,
    org: OrgId,
    before: Availability,
    new: AvailabilityForm,
    by_manager: bool,
) -> Result<Availability, Error> {
    let moved = (new.start_at, new.end_at) != (before.start_at, before.end_at);
    if moved {
        refuse_period(tx, org, new.start_at, new.end_at).await?;
    }
    let says_otherwise = moved || new.kind != before.kind;
    let status = if says_otherwise && !by_manager { AvailabilityStatus::Pending } else { before.status };
    let after = Availability {
        kind: new.kind,
        start_at: new.start_at,
        end_at: new.end_at,
        note: new.note.map(String::from),
        status,
        ..before.clone()
    };
    change(tx, org, &before, &after, &AvailabilityEvent::Updated { before: &before, after: &after }).await?;
    Ok(after)
}

/// Approves or rejects a locked availability. The status that it has already changes nothing.
///
/// # Errors
/// [`AvailabilityOverlap`] when it would overlap another approved one of its kind.
pub async fn decide(
    tx: &Tx,
    org: OrgId,
    before: Availability,
    status: AvailabilityStatus,
) -> Result<Availability, Error> {
    let after = Availability { status, ..before.clone() };
    let event = match status {
        AvailabilityStatus::Approved => AvailabilityEvent::Approved { before: &before, after: &after },
        _ => AvailabilityEvent::Rejected { before: &before, after: &after },
    };
    change(tx, org, &before, &after, &event).await?;
    Ok(after)
}

async fn change(
    tx: &Tx,
    org: OrgId,
    before: &Availability,
    after: &Availability,
    event: &AvailabilityEvent<'_>,
) -> Result<(), Error> {
    use availability::Column;
    if before == after {
        return Ok(());
    }
    refuse_overlap(tx, org, after).await?;
    availability::Entity::update_of(org)
        .set(availability::ActiveModel {
            starts_at: Set(after.start_at),
            ends_at: Set(after.end_at),
            status: Set(after.status),
            note: Set(after.note.clone()),
            kind: Set(after.kind),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(Column::Id.eq(after.id))
        .exec(tx)
        .await
        .or_refusal(meaning_of)?;
    tx.record(org, event).await
}

/// Refuses an approved availability that overlaps another one of its kind, and names what it overlaps.
async fn refuse_overlap(tx: &Tx, org: OrgId, wanted: &Availability) -> Result<(), Error> {
    use availability::Column;
    if wanted.status != AvailabilityStatus::Approved {
        return Ok(());
    }
    let overlapping = availability::Entity::of(org)
        .filter(Column::UserId.eq(wanted.user_id))
        .filter(Column::Kind.eq(wanted.kind))
        .filter(Column::Status.eq(AvailabilityStatus::Approved))
        .filter(Column::StartsAt.lt(wanted.end_at))
        .filter(Column::EndsAt.gt(wanted.start_at))
        .filter(Column::StartsAt.gt(wanted.start_at.earliest_start()))
        .filter(Column::Id.ne(wanted.id));
    let named = overlapping
        .clone()
        .select_only()
        .columns([Column::Id, Column::StartsAt, Column::EndsAt])
        .order_by_asc(Column::StartsAt)
        .limit(Conflicts::SEARCH_LIMIT)
        .into_model::<Approved>()
        .all(tx)
        .await?;
    let conflict = |approved: Approved| Conflict::Availability {
        user_id: wanted.user_id,
        availability_id: approved.id,
        start_at: approved.starts_at,
        end_at: approved.ends_at,
    };
    let named = named.into_iter().map(conflict).collect();
    let conflicts = Conflicts::counted(named, async || overlapping.count(tx).await).await?;
    if conflicts.is_empty() { Ok(()) } else { Err(AvailabilityOverlap { conflicts }.into()) }
}

/// Deletes a locked availability.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &Tx, org: OrgId, availability: &Availability) -> Result<(), Error> {
    availability::Entity::delete_by_id((org, availability.id)).exec(tx).await?;
    tx.record(org, &AvailabilityEvent::Deleted { before: availability }).await
}

/// Deletes all availabilities of a user before the user is deleted.
///
/// # Errors
/// When the database fails.
pub async fn delete_of_user(tx: &Tx, org: OrgId, user: UserId) -> Result<(), Error> {
    let mut deleted = availability::Entity::delete_of(org)
        .filter(availability::Column::UserId.eq(user))
        .exec_with_returning(tx)
        .await?;
    // In order of creation, so that the audit log does not depend on the order in which the database deletes.
    deleted.sort_by_key(|row| row.id);
    let deleted: Vec<_> = deleted.into_iter().map(Availability::from).collect();
    let events: Vec<_> = deleted.iter().map(|before| AvailabilityEvent::Deleted { before }).collect();
    tx.record_all(org, &events).await
}

/// Deletes all availabilities of a user who is erased, without a trace of what they were.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &Tx, org: OrgId, user: UserId) -> Result<(), Error> {
    availability::Entity::delete_of(org).filter(availability::Column::UserId.eq(user)).exec(tx).await?;
    Ok(())
}
