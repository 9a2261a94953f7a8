//! Reading accounts and memberships.

use super::model::OrgMembership;
use crate::{
    auth::entity::{Notify, account, membership, org},
    error::{Error, NotFound},
    ids::{AccountId, OrgId},
    role::Role,
    text::EmailKey,
    timestamp::Timestamp,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
};

/// # Errors
/// When the database fails.
pub async fn by_email(db: &impl ConnectionTrait, email: &EmailKey) -> Result<Option<account::Model>, Error> {
    Ok(account::Entity::find().filter(account::Column::EmailKey.eq(email.clone())).one(db).await?)
}

/// # Errors
/// [`NotFound`].
pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<account::Model, Error> {
    account::Entity::find_by_id(id).one(db).await?.ok_or(NotFound.into())
}

/// Whether the account is a member of any org, deactivated and pending ones included.
///
/// # Errors
/// When the database fails.
pub async fn is_a_member(db: &impl ConnectionTrait, id: AccountId) -> Result<bool, Error> {
    Ok(membership::Entity::find().filter(membership::Column::AccountId.eq(id)).one(db).await?.is_some())
}

#[derive(FromQueryResult)]
struct MembershipRow {
    org_id: OrgId,
    org_name: String,
    role: Role,
    proven_at: Option<Timestamp>,
    notify: Notify,
}

/// The orgs an account may act in (active and not pending), the one joined first leading.
///
/// # Errors
/// When the database fails.
pub async fn memberships(db: &impl ConnectionTrait, account: AccountId) -> Result<Vec<OrgMembership>, Error> {
    let mut open = memberships_and_pending(db, account).await?;
    open.retain(|membership| !membership.pending);
    Ok(open)
}

/// The orgs of an account's active memberships, pending ones included, to be shown to the account itself.
///
/// # Errors
/// When the database fails.
pub async fn memberships_and_pending(
    db: &impl ConnectionTrait,
    account: AccountId,
) -> Result<Vec<OrgMembership>, Error> {
    let joined = membership::Entity::find()
        .select_only()
        .columns([membership::Column::OrgId, membership::Column::Role])
        .columns([membership::Column::ProvenAt, membership::Column::Notify])
        .column_as(org::Column::Name, "org_name")
        .join(
            JoinType::InnerJoin,
            membership::Entity::belongs_to(org::Entity)
                .from(membership::Column::OrgId)
                .to(org::Column::Id)
                .into(),
        )
        .filter(membership::Column::AccountId.eq(account))
        .filter(membership::Column::IsActive.eq(true))
        .order_by_asc(membership::Column::CreatedAt)
        .order_by_asc(membership::Column::Id);
    let rows: Vec<MembershipRow> = joined.into_model().all(db).await?;
    let shown = |MembershipRow { org_id, org_name, role, proven_at, notify }| OrgMembership {
        org_id,
        org_name,
        role,
        pending: proven_at.is_none(),
        notify,
    };
    Ok(rows.into_iter().map(shown).collect())
}
