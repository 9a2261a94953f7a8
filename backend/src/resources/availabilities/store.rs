//! Every query on availabilities.

use super::{
    model::{Availability, AvailabilityStatus, NewAvailability},
    table,
};
use crate::{
    db::Tx,
    error::{Clash, Error},
    ids::{AvailabilityId, OrgId},
    resources::{audit, missions, users},
};
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};

/// Declares an availability.
///
/// # Errors
/// [`Error::Invalid`], or [`Error::UnknownReference`] for the person.
pub async fn create(tx: &Tx, org: OrgId, new: NewAvailability) -> Result<Availability, Error> {
    if let Some(mistake) = missions::period_mistakes(new.start_at, new.end_at) {
        return Err(Error::Invalid(vec![mistake]));
    }
    users::lock(tx, org, new.user_id).await.map_err(Error::referred("/user_id", "user"))?;
    let row = table::Model {
        org_id: org,
        id: tx.new_id(),
        user_id: new.user_id,
        starts_at: new.start_at,
        ends_at: new.end_at,
        status: AvailabilityStatus::Pending,
        note: new.note.map(Into::into),
        created_at: tx.now,
        updated_at: tx.now,
    };
    table::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx).await?;
    let created = Availability::from(row);
    audit::Entry::of("availability.create", created.id).after(&created).record(tx, org).await?;
    Ok(created)
}

/// Approves an availability, unless the person's approved ones would overlap. Approving it again changes nothing.
pub async fn approve(tx: &Tx, org: OrgId, id: AvailabilityId) -> Result<Availability, Error> {
    use table::Column;
    let find = || table::Entity::find_by_id((org, id));
    let user = find().one(tx).await?.ok_or(Error::NotFound)?.user_id;
    // Under the person's lock nothing else of theirs is approved meanwhile.
    users::lock(tx, org, user).await?;
    let row = find().lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(Error::NotFound)?;
    if row.status == AvailabilityStatus::Approved {
        return Ok(row.into());
    }
    let overlapping = table::Entity::find()
        .filter(Column::OrgId.eq(org))
        .filter(Column::UserId.eq(row.user_id))
        .filter(Column::Status.eq(AvailabilityStatus::Approved))
        .filter(Column::StartsAt.lt(row.ends_at))
        .filter(Column::EndsAt.gt(row.starts_at))
        .order_by_asc(Column::StartsAt)
        .all(tx)
        .await?;
    if !overlapping.is_empty() {
        let clash = |a: table::Model| Clash::Availability {
            availability_id: a.id,
            start_at: a.starts_at,
            end_at: a.ends_at,
        };
        return Err(Error::AvailabilityOverlap(overlapping.into_iter().map(clash).collect()));
    }
    table::Entity::update_many()
        .col_expr(Column::Status, Expr::value(AvailabilityStatus::Approved))
        .col_expr(Column::UpdatedAt, Expr::value(tx.now))
        .filter(Column::OrgId.eq(org))
        .filter(Column::Id.eq(id))
        .exec(tx)
        .await?;
    let before = Availability::from(row);
    let after = Availability { status: AvailabilityStatus::Approved, ..before.clone() };
    audit::Entry::of("availability.approve", id).before(&before).after(&after).record(tx, org).await?;
    Ok(after)
}
