//! Showing and ending the keys of feeds.

use super::event::{MemberFeedEvent, ProjectFeedEvent, UserFeedEvent};
use crate::{
    auth::{Feed, NotAMember, entity::membership},
    db::{OfOrg, Tx},
    error::{Error, NotFound},
    ids::{AccountId, OrgId, ProjectId, UserId},
    resources::users::{UserInactive, entity::user},
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

/// The version of a user's key, which somebody is shown.
///
/// # Errors
/// [`NotFound`]; [`UserInactive`], because the feed is closed.
pub async fn show_user_key(tx: &Tx, org: OrgId, id: UserId) -> Result<i32, Error> {
    let row = user::Entity::find_by_id((org, id))
        .select_only()
        .column(user::Column::CalendarVersion)
        .column(user::Column::Active);
    let (version, active): (i32, bool) = row.into_tuple().one(tx).await?.ok_or(NotFound)?;
    if !active {
        return Err(UserInactive.into());
    }
    tx.record(org, &UserFeedEvent::KeyShown { id }).await?;
    Ok(version)
}

/// Ends a user's key.
///
/// # Errors
/// [`NotFound`].
pub async fn end_user_key(tx: &Tx, org: OrgId, id: UserId) -> Result<(), Error> {
    let ended = user::Entity::update_of(org)
        .col_expr(user::Column::CalendarVersion, Expr::col(user::Column::CalendarVersion).add(1))
        .filter(user::Column::Id.eq(id))
        .exec(tx)
        .await?;
    if ended.rows_affected == 0 {
        return Err(NotFound.into());
    }
    tx.record(org, &UserFeedEvent::KeyEnded { id }).await
}

/// The feed of a project for a member, and the version of their key, which they are shown.
///
/// # Errors
/// [`NotAMember`].
pub async fn show_project_key(
    tx: &Tx,
    org: OrgId,
    account: AccountId,
    id: ProjectId,
) -> Result<(Feed, i32), Error> {
    let row = membership::Entity::of(org).filter(membership::Column::AccountId.eq(account)).one(tx).await?;
    let row = row.ok_or(NotAMember)?;
    tx.record(org, &ProjectFeedEvent::KeyShown { id }).await?;
    Ok((Feed::Project(id, row.id), row.calendar_version))
}

/// Ends a member's keys, of all projects.
///
/// # Errors
/// When the database fails.
pub async fn end_member_keys(tx: &Tx, org: OrgId, account: AccountId) -> Result<(), Error> {
    use membership::Column::{AccountId, CalendarVersion};
    membership::Entity::update_of(org)
        .col_expr(CalendarVersion, Expr::col(CalendarVersion).add(1))
        .filter(AccountId.eq(account))
        .exec(tx)
        .await?;
    tx.record(org, &MemberFeedEvent::KeysEnded { account }).await
}
