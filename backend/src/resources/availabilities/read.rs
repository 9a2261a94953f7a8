//! Reading availabilities.

use super::{
    entity::availability,
    model::{Availability, AvailabilityKind, AvailabilityQuery, AvailabilityStatus},
};
use crate::{
    db::{OfOrg, filter},
    error::{Error, NotFound},
    http::Page,
    ids::{AvailabilityId, OrgId, UserId},
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};

/// # Errors
/// [`NotFound`].
pub async fn get(db: &impl ConnectionTrait, org: OrgId, id: AvailabilityId) -> Result<Availability, Error> {
    let found = availability::Entity::find_by_id((org, id)).one(db).await?;
    Ok(found.ok_or(NotFound)?.into())
}

/// A page of availabilities by start. `own` narrows it to one user's, `Some(None)` to none.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &impl ConnectionTrait,
    org: OrgId,
    query: AvailabilityQuery,
    own: Option<Option<UserId>>,
) -> Result<Page<[Availability]>, Error> {
    use availability::Column;
    let select = availability::Entity::of(org)
        .filter(filter::own(Column::UserId, own))
        .filter(filter::one_of(Column::UserId, query.user_id.0))
        .filter(filter::one_of(Column::Status, query.status.0))
        .filter(filter::one_of(Column::Kind, query.kind.0))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), query.from, query.to))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id);
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::after((Column::StartsAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.all(db).await?.into_iter();
            Ok(rows.map(|row| ((row.starts_at, row.id), Availability::from(row))).collect::<Vec<_>>())
        }
    })
    .await
}

/// An approved availability, as the calendar shows it.
#[derive(Debug, FromQueryResult)]
pub struct Approved {
    pub id: AvailabilityId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

/// The first `count` approved availabilities of a user, of the kind `available`, that overlap `[from, to)`, by start, behind `after`.
///
/// # Errors
/// When the database fails.
pub async fn approved(
    db: &impl ConnectionTrait,
    (org, user): (OrgId, UserId),
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    after: Option<(Timestamp, AvailabilityId)>,
    count: u64,
) -> Result<Vec<Approved>, Error> {
    use availability::Column;
    let found = availability::Entity::of(org)
        .select_only()
        .columns([Column::Id, Column::StartsAt, Column::EndsAt])
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.eq(AvailabilityStatus::Approved))
        .filter(Column::Kind.eq(AvailabilityKind::Available))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), from, to))
        .filter(filter::after((Column::StartsAt, Column::Id), after))
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(count);
    Ok(found.into_model().all(db).await?)
}

/// The availabilities of a user, whatever became of them, by start.
///
/// # Errors
/// When the database fails.
pub async fn of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
) -> Result<Vec<Availability>, Error> {
    let theirs = availability::Entity::of(org)
        .filter(availability::Column::UserId.eq(user))
        .order_by_asc(availability::Column::StartsAt)
        .order_by_asc(availability::Column::Id);
    Ok(theirs.all(db).await?.into_iter().map(Availability::from).collect())
}
