//! Writing sessions.

use super::read::is_alive;
use crate::{
    auth::{
        RefreshClaims, Unauthenticated,
        entity::{account, session},
    },
    db::{Database, Origin, Tx},
    error::Error,
    ids::{AccountId, OrgId, SessionId},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};
use std::time::Duration;

/// How long the previous refresh token is still accepted after it was used.
const LOST_ANSWER_SECONDS: i64 = 30;

/// User agents are cut to this length, which is enough to recognise the device.
const USER_AGENT_CHARS: usize = 200;

/// Starts a session that expires after `seconds`.
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

/// The outcome of a refresh.
#[derive(Debug)]
pub enum Renewal {
    /// The session is alive; sign the token of its generation.
    Renewed(session::Model),
    /// An old token was used again, so the session was ended.
    Reused(session::Model),
}

/// Renews a session for `seconds` more. The previous token, accepted for a short time, changes nothing.
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
        .set(session::ActiveModel {
            refresh_generation: Set(session.refresh_generation),
            rotated_at: Set(session.rotated_at),
            last_used_at: Set(session.last_used_at),
            expires_at: Set(session.expires_at),
            revoked_at: Set(session.revoked_at),
            ..Default::default()
        })
        .filter(session::Column::Id.eq(session.id))
        .exec(tx)
        .await?;
    Ok(if session.revoked_at.is_some() { Renewal::Reused(session) } else { Renewal::Renewed(session) })
}

/// Ends one session. False when it was ended before.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &Tx, session: SessionId) -> Result<bool, Error> {
    let ended = session::Entity::update_many()
        .set(session::ActiveModel { revoked_at: Set(Some(tx.now)), ..Default::default() })
        .filter(session::Column::Id.eq(session))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Deletes the sessions that expired more than `kept` ago; returns how many. Until then they tell which org was used last.
///
/// # Errors
/// When the database fails.
pub async fn forget_old(db: &Database, kept: Duration) -> Result<u64, Error> {
    let tx = db.write(Origin::system()).await?;
    let old = session::Column::ExpiresAt.lte(tx.now.minus(kept));
    let done = session::Entity::delete_many().filter(old).exec(&tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected)
}

/// Locks a session (`FOR NO KEY UPDATE`); true when it has neither ended nor expired.
///
/// # Errors
/// When the database fails.
pub async fn lives(tx: &Tx, session: SessionId) -> Result<bool, Error> {
    let found = session::Entity::find_by_id(session).lock(LockType::NoKeyUpdate).one(tx).await?;
    Ok(found.is_some_and(|row| is_alive(&row, tx.now)))
}

/// Changes the org that a session acts in.
///
/// # Errors
/// When the database fails.
pub async fn switch(tx: &Tx, session: SessionId, org: OrgId) -> Result<(), Error> {
    session::Entity::update_many()
        .set(session::ActiveModel { org_id: Set(Some(org)), last_used_at: Set(tx.now), ..Default::default() })
        .filter(session::Column::Id.eq(session))
        .exec(tx)
        .await?;
    Ok(())
}

/// Ends every session of an account but `kept`.
///
/// # Errors
/// When the database fails.
pub async fn end_others(tx: &Tx, account: AccountId, kept: SessionId) -> Result<(), Error> {
    session::Entity::update_many()
        .set(session::ActiveModel { revoked_at: Set(Some(tx.now)), ..Default::default() })
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
        .set(session::ActiveModel { revoked_at: Set(Some(tx.now)), ..Default::default() })
        .filter(session::Column::AccountId.eq(account))
        .filter(session::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}
