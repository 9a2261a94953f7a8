//! Reading sessions.

use super::model::{OwnSession, SessionQuery};
use crate::{
    auth::entity::session,
    db::filter,
    error::{Error, NotFound},
    http::Page,
    ids::{AccountId, OrgId, SessionId},
    timestamp::Timestamp,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

/// Which of these orgs the account used last, over all its sessions.
///
/// # Errors
/// When the database fails.
pub async fn last_org(
    db: &impl ConnectionTrait,
    account: AccountId,
    orgs: impl IntoIterator<Item = OrgId>,
) -> Result<Option<OrgId>, Error> {
    let latest = session::Entity::find()
        .filter(session::Column::AccountId.eq(account))
        .filter(session::Column::OrgId.is_in(orgs))
        .order_by_desc(session::Column::LastUsedAt)
        .order_by_desc(session::Column::Id)
        .limit(1)
        .one(db)
        .await?;
    Ok(latest.and_then(|session| session.org_id))
}

/// A page of an account's live sessions, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &impl ConnectionTrait,
    account: AccountId,
    current: SessionId,
    query: SessionQuery,
    now: Timestamp,
) -> Result<Page<[OwnSession]>, Error> {
    use session::Column;
    let select = session::Entity::find()
        .filter(Column::AccountId.eq(account))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id);
    Page::fill(query.limit, query.cursor, |after, count| {
        let part = select.clone().filter(filter::before((Column::CreatedAt, Column::Id), after)).limit(count);
        async move {
            let rows = part.all(db).await?.into_iter();
            Ok(rows.map(|row| ((row.created_at, row.id), view(row, current))).collect::<Vec<_>>())
        }
    })
    .await
}

/// The account of a session and the org that it acts in; `None` when there is no such session.
///
/// # Errors
/// When the database fails.
pub async fn owner_of(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Option<(AccountId, Option<OrgId>)>, Error> {
    Ok(session::Entity::find_by_id(session).one(db).await?.map(|row| (row.account_id, row.org_id)))
}

/// One of an account's sessions; `None` when it has ended or expired.
///
/// # Errors
/// [`NotFound`] when the account has no such session.
pub async fn find(
    db: &impl ConnectionTrait,
    account: AccountId,
    current: SessionId,
    session: SessionId,
    now: Timestamp,
) -> Result<Option<OwnSession>, Error> {
    let found = session::Entity::find_by_id(session).one(db).await?;
    let row = found.filter(|row| row.account_id == account).ok_or(NotFound)?;
    Ok(is_alive(&row, now).then(|| view(row, current)))
}

pub(super) fn is_alive(row: &session::Model, now: Timestamp) -> bool {
    row.revoked_at.is_none() && row.expires_at > now
}

fn view(row: session::Model, current: SessionId) -> OwnSession {
    OwnSession {
        id: row.id,
        current: row.id == current,
        org_id: row.org_id,
        user_agent: row.user_agent,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    }
}
