//! Taking the address of a user from their invitations, and all invitations of a user.

use super::{
    entity::invitation::{ActiveModel, Column, Entity},
    model::Invitation,
    read::{WithStart, with_start},
};
use crate::{
    db::{OfOrg, Tx},
    delivery::Delivery,
    error::Error,
    ids::{OrgId, UserId},
    resources::assignments::entity::assignment,
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::SelectStatement,
};

fn assignments_of(org: OrgId, user: UserId) -> SelectStatement {
    assignment::Entity::of(org)
        .select_only()
        .column(assignment::Column::Id)
        .filter(assignment::Column::UserId.eq(user))
        .into_query()
}

/// Erases the addresses that invitations of a user were mailed to. What was queued is not sent.
///
/// # Errors
/// When the database fails.
pub async fn forget_addresses(tx: &Tx, org: OrgId, user: UserId) -> Result<(), Error> {
    let theirs = || Column::AssignmentId.in_subquery(assignments_of(org, user));
    let unsent = ActiveModel { delivery: Set(Delivery::None), ..Default::default() };
    let queued = Column::Delivery.eq(Delivery::Queued);
    Entity::update_of(org).set(unsent).filter(theirs()).filter(queued).exec(tx).await?;
    let nameless = ActiveModel {
        email: Set(None),
        own_address: Set(false),
        delivery_error: Set(None),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    Entity::update_of(org).set(nameless).filter(theirs()).exec(tx).await?;
    Ok(())
}

/// The invitations of a user, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Invitation>, Error> {
    let theirs = with_start(org, Entity::of(org))
        .filter(assignment::Column::UserId.eq(user))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id);
    let rows: Vec<WithStart> = theirs.into_model().all(db).await?;
    Ok(rows.into_iter().map(|one| one.view(now)).collect())
}
