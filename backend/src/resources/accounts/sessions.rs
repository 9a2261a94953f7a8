//! Sessions: one per sign-in, renewed by a refresh token that changes at each use.
//!
//! A refresh token names its session and which renewal it is (its generation); the session stores the generation that
//! is good now. The one before is still answered for a short while, with the same successor, so that a browser whose
//! answer was lost, or that refreshed in twenty tabs at once, stays signed in. Anything older has been used twice,
//! by its owner and by a thief: the session ends (RFC 9700 section 4.14).

use crate::{
    auth::{
        RefreshClaims, Unauthenticated,
        entity::{account, session},
    },
    db::{Database, Origin, Tx, filter},
    error::{Error, NotFound},
    http::{Cursor, Limit, Page},
    ids::{AccountId, OrgId, SessionId},
    timestamp::Timestamp,
};
use deserr::Deserr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};

/// How long the token before the current one is still answered.
const LOST_ANSWER_SECONDS: i64 = 30;
/// Browsers send long ones; enough to recognise the device.
const USER_AGENT_CHARS: usize = 200;

/// Starts a session of `seconds`.
///
/// # Errors
/// When the database fails.
pub async fn start(
    tx: &Tx,
    account: AccountId,
    org: OrgId,
    seconds: i64,
    user_agent: Option<&str>,
) -> Result<session::Model, Error> {
    let session = session::Model {
        id: tx.new_id(),
        account_id: account,
        org_id: Some(org),
        refresh_generation: 0,
        rotated_at: tx.now,
        last_used_at: tx.now,
        expires_at: tx.now.plus_seconds(seconds),
        revoked_at: None,
        user_agent: user_agent.map(|agent| agent.chars().take(USER_AGENT_CHARS).collect()),
        created_at: tx.now,
    };
    session::Entity::insert(session.clone().into_active_model()).exec_without_returning(tx).await?;
    Ok(session)
}

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

/// What a refresh led to.
#[derive(Debug)]
pub enum Renewal {
    /// The session lives on; sign the token of its generation.
    Renewed(session::Model),
    /// A token that was used before came back: the session was ended.
    Reused(session::Model),
}

/// Renews a session for `seconds` more.
///
/// # Errors
/// [`Unauthenticated`] when the session is gone, ended or expired, or its account is switched off.
pub async fn renew(tx: &Tx, claims: &RefreshClaims, seconds: i64) -> Result<Renewal, Error> {
    let found = session::Entity::find_by_id(claims.sid).lock(LockType::NoKeyUpdate).one(tx).await?;
    let mut session = found.ok_or(Unauthenticated)?;
    if session.revoked_at.is_some() || session.expires_at <= tx.now {
        return Err(Unauthenticated.into());
    }
    let active = account::Entity::find_by_id(session.account_id)
        .one(tx)
        .await?
        .is_some_and(|account| account.is_active);
    if !active {
        return Err(Unauthenticated.into());
    }
    if claims.generation == session.refresh_generation {
        session.refresh_generation += 1;
        session.rotated_at = tx.now;
        session.last_used_at = tx.now;
        session.expires_at = tx.now.plus_seconds(seconds);
    } else if claims.generation + 1 != session.refresh_generation
        || tx.now > session.rotated_at.plus_seconds(LOST_ANSWER_SECONDS)
    {
        session.revoked_at = Some(tx.now);
    }
    session::Entity::update_many()
        .col_expr(session::Column::RefreshGeneration, Expr::value(session.refresh_generation))
        .col_expr(session::Column::RotatedAt, Expr::value(session.rotated_at))
        .col_expr(session::Column::LastUsedAt, Expr::value(session.last_used_at))
        .col_expr(session::Column::ExpiresAt, Expr::value(session.expires_at))
        .col_expr(session::Column::RevokedAt, Expr::value(session.revoked_at))
        .filter(session::Column::Id.eq(session.id))
        .exec(tx)
        .await?;
    Ok(if session.revoked_at.is_some() { Renewal::Reused(session) } else { Renewal::Renewed(session) })
}

/// Ends one session; ending it again is harmless. True when it was alive.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &Tx, session: SessionId) -> Result<bool, Error> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now))
        .filter(session::Column::Id.eq(session))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// One of one's own sessions.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct OwnSession {
    /// Its id.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The org it acts in.
    pub org_id: Option<OrgId>,
    /// What its browser or program calls itself.
    pub user_agent: Option<String>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it was last renewed.
    pub last_used_at: Timestamp,
    /// When it ends unless it is renewed.
    pub expires_at: Timestamp,
}

/// Which page of one's sessions.
#[derive(Debug, Deserr, utoipa::IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionQuery {
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, SessionId)>>,
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
) -> Result<Page, Error> {
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

/// Whose session it is, and the org that it acts in; none when there is no such session.
///
/// # Errors
/// When the database fails.
pub async fn owner_of(
    db: &impl ConnectionTrait,
    session: SessionId,
) -> Result<Option<(AccountId, Option<OrgId>)>, Error> {
    Ok(session::Entity::find_by_id(session).one(db).await?.map(|row| (row.account_id, row.org_id)))
}

/// Deletes the sessions that expired more than 30 days ago; returns how many. Until then they say which org was used last.
///
/// # Errors
/// When the database fails.
pub async fn forget_old(db: &Database) -> Result<u64, Error> {
    let tx = db.write(Origin::system()).await?;
    let old = session::Column::ExpiresAt.lte(tx.now.plus_seconds(-30 * 24 * 3600));
    let done = session::Entity::delete_many().filter(old).exec(&tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected)
}

/// Whether a session has neither ended nor expired, which it will not do before the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lives(tx: &Tx, session: SessionId) -> Result<bool, Error> {
    let found = session::Entity::find_by_id(session).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(found.is_some_and(|row| is_alive(&row, tx.now)))
}

/// One of an account's sessions; none when it has ended.
///
/// # Errors
/// [`NotFound`] when it is not this account's.
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

fn is_alive(row: &session::Model, now: Timestamp) -> bool {
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

/// Lets a session act in another org from now on.
///
/// # Errors
/// When the database fails.
pub async fn switch(tx: &Tx, session: SessionId, org: OrgId) -> Result<(), Error> {
    session::Entity::update_many()
        .col_expr(session::Column::OrgId, Expr::value(org))
        .col_expr(session::Column::LastUsedAt, Expr::value(tx.now))
        .filter(session::Column::Id.eq(session))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends every session of an account but one.
///
/// # Errors
/// When the database fails.
pub async fn end_others(tx: &Tx, account: AccountId, kept: SessionId) -> Result<(), Error> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now))
        .filter(session::Column::AccountId.eq(account))
        .filter(session::Column::Id.ne(kept))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends every session of an account.
///
/// # Errors
/// When the database fails.
pub async fn end_all(tx: &Tx, account: AccountId) -> Result<(), Error> {
    session::Entity::update_many()
        .col_expr(session::Column::RevokedAt, Expr::value(tx.now))
        .filter(session::Column::AccountId.eq(account))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}
