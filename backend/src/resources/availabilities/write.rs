//! Writing availabilities.

use super::{
    entity::availability,
    event::AvailabilityEvent,
    model::{
        Availability, AvailabilityForm, AvailabilityKind, AvailabilityStatus, Declared, NewAvailability,
    },
    read::{Approved, get},
    refusal::AvailabilityOverlap,
    rules,
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
    ActiveValue::Set,
    ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{ExprTrait, LockType},
};

/// Approved availabilities of one user and kind never overlap.
const NO_OVERLAP: Constraint = Constraint::trigger("availabilities_no_overlap");

fn meaning_of(error: &DbErr) -> Option<Error> {
    NO_OVERLAP.meaning(error, || AvailabilityOverlap { conflicts: Conflicts::default() })
}

/// Creates pending availabilities: one, or with `repeat` all of a series, by start.
///
/// # Errors
/// [`Error::Invalid`] for the period or the series, [`UnknownReference`](crate::error::UnknownReference) for the user;
/// [`AvailabilityOverlap`] for a series of which one could not be approved.
pub async fn create(tx: &Tx, org: OrgId, new: NewAvailability) -> Result<Declared, Error> {
    let zone = zone_of(tx, org).await?;
    let first = (new.start_at, new.end_at);
    refuse_period(first, &zone)?;
    let repeated =
        |repeat| rules::repeated(first, repeat, &zone).map_err(|mistake| Error::Invalid(vec![mistake]));
    let periods = new.repeat.as_ref().map_or(Ok(vec![first]), repeated)?;
    users::lock_for_no_key_update(tx, org, new.user_id).await.map_err(Error::referred("/user_id", "user"))?;
    let series_id = new.repeat.is_some().then(|| tx.new_id());
    if series_id.is_some() {
        refuse_overlap(tx, org, (new.user_id, new.kind), &periods, None).await?;
    }
    let row = |(starts_at, ends_at)| availability::Model {
        org_id: org,
        id: tx.new_id(),
        user_id: new.user_id,
        starts_at,
        ends_at,
        status: AvailabilityStatus::Pending,
        note: new.note.clone().map(Into::into),
        created_at: tx.now,
        updated_at: tx.now,
        kind: new.kind,
        series_id,
    };
    let rows: Vec<_> = periods.into_iter().map(row).collect();
    let inserted = rows.iter().cloned().map(IntoActiveModel::into_active_model).collect();
    tx.insert_all(inserted).await.or_refusal(meaning_of)?;
    let created: Vec<_> = rows.into_iter().map(Availability::from).collect();
    let events: Vec<_> = created.iter().map(|after| AvailabilityEvent::Created { after }).collect();
    tx.record_all(org, &events).await?;
    let ids = series_id.map(|_| created.iter().map(|one| one.id).collect());
    let availability = created.into_iter().next().ok_or_else(|| Error::internal(EmptySeries))?;
    Ok(Declared { availability, ids })
}

/// A series begins with the period that was sent.
#[derive(Debug, thiserror::Error)]
#[error("a series without a first")]
struct EmptySeries;

/// In which days are counted, and series repeat: the org's.
async fn zone_of(tx: &Tx, org: OrgId) -> Result<TimeZone, Error> {
    ZoneName::zone(&orgs::timezone(tx, org).await?).map_err(|error| Error::internal(error))
}

fn refuse_period((start, end): (Timestamp, Timestamp), zone: &TimeZone) -> Result<(), Error> {
    missions::period_mistake(start, end, zone).map_or(Ok(()), |mistake| Err(Error::Invalid(vec![mistake])))
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
    let kind = new.kind.unwrap_or(before.kind);
    let moved = (new.start_at, new.end_at) != (before.start_at, before.end_at);
    if moved {
        refuse_period((new.start_at, new.end_at), &zone_of(tx, org).await?)?;
    }
    let says_otherwise = moved || kind != before.kind;
    let status = if says_otherwise && !by_manager { AvailabilityStatus::Pending } else { before.status };
    let after = Availability {
        kind,
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
    if after.status == AvailabilityStatus::Approved {
        let (of, period) = ((after.user_id, after.kind), (after.start_at, after.end_at));
        refuse_overlap(tx, org, of, &[period], Some(after.id)).await?;
    }
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

/// Refuses periods that overlap an approved availability of the same user and kind, but for one, and names what they overlap.
async fn refuse_overlap(
    tx: &Tx,
    org: OrgId,
    (user_id, kind): (UserId, AvailabilityKind),
    periods: &[(Timestamp, Timestamp)],
    except: Option<AvailabilityId>,
) -> Result<(), Error> {
    use availability::Column;
    let overlaps = periods.iter().map(|(start, end)| {
        Column::StartsAt
            .lt(*end)
            .and(Column::EndsAt.gt(*start))
            .and(Column::StartsAt.gt(start.earliest_start()))
    });
    let overlapping = availability::Entity::of(org)
        .filter(Column::UserId.eq(user_id))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Status.eq(AvailabilityStatus::Approved))
        .filter(overlaps.fold(Condition::any(), Condition::add))
        .filter(Condition::all().add_option(except.map(|id| Column::Id.ne(id))));
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
        user_id,
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

/// Deletes a locked availability, and those of its series that do not start earlier, whatever became of them.
///
/// # Errors
/// When the database fails.
pub async fn delete_following(tx: &Tx, org: OrgId, first: &Availability) -> Result<(), Error> {
    let Some(series) = first.series_id else { return delete(tx, org, first).await };
    let following = availability::Entity::delete_of(org)
        .filter(availability::Column::UserId.eq(first.user_id))
        .filter(availability::Column::SeriesId.eq(series))
        .filter(availability::Column::StartsAt.gte(first.start_at));
    record_deleted(tx, org, following.exec_with_returning(tx).await?).await
}

/// Deletes all availabilities of a user before the user is deleted.
///
/// # Errors
/// When the database fails.
pub async fn delete_of_user(tx: &Tx, org: OrgId, user: UserId) -> Result<(), Error> {
    let theirs = availability::Entity::delete_of(org).filter(availability::Column::UserId.eq(user));
    record_deleted(tx, org, theirs.exec_with_returning(tx).await?).await
}

async fn record_deleted(tx: &Tx, org: OrgId, mut deleted: Vec<availability::Model>) -> Result<(), Error> {
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
