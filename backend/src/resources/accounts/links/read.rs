//! Reading links.

use crate::{
    auth::{
        InvalidToken,
        entity::{LinkIssuer, account, membership, membership_link, org, password_token},
        hash_secret,
    },
    error::Error,
    ids::{AccountId, OrgId},
    timestamp::Timestamp,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

/// The hash of a token, as stored. Trimmed, because a copied token may have white space around it.
pub(super) fn hash(token: &str) -> Vec<u8> {
    hash_secret(token.trim().as_bytes())
}

/// A link that still works, and what it does as of now.
#[derive(Debug)]
pub struct Opened {
    pub account: account::Model,
    /// The org whose membership it proves, and its name; `None` when it proves all of the account's.
    pub org: Option<(OrgId, String)>,
    /// Whether its holder must know the account's password, because the link alone would open more than that org.
    pub wants_password: bool,
}

/// Looks up what a link does.
///
/// # Errors
/// [`InvalidToken`] when it is unknown, used, expired or has nothing left to do, or its account or membership is
/// switched off.
pub async fn open(db: &impl ConnectionTrait, token: &str, now: Timestamp) -> Result<Opened, Error> {
    let handed = membership_link::Entity::find()
        .filter(membership_link::Column::TokenHash.eq(hash(token)))
        .filter(membership_link::Column::UsedAt.is_null())
        .filter(membership_link::Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    if let Some(link) = handed {
        return open_handed(db, link).await;
    }
    let mailed = password_token::Entity::find()
        .filter(password_token::Column::TokenHash.eq(hash(token)))
        .filter(password_token::Column::UsedAt.is_null())
        .filter(password_token::Column::ExpiresAt.gt(now))
        .one(db)
        .await?
        .ok_or(InvalidToken)?;
    Ok(Opened { account: active(db, mailed.account_id).await?, org: None, wants_password: false })
}

async fn open_handed(db: &impl ConnectionTrait, link: membership_link::Model) -> Result<Opened, Error> {
    let account = active(db, link.account_id).await?;
    let all = membership::Entity::find().filter(membership::Column::AccountId.eq(account.id)).all(db).await?;
    let (own, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|membership| membership.org_id == link.org_id);
    let own = own.first().filter(|own| own.is_active).ok_or(InvalidToken)?;
    // Inactive ones count, too: they can be activated again.
    let opens_another = others.iter().any(|other| other.proven_at.is_some());
    let has_password = account.password_hash.is_some();
    let wants_password = match link.giver {
        LinkIssuer::Operator => false,
        LinkIssuer::Org if has_password && own.proven_at.is_some() => return Err(InvalidToken.into()),
        LinkIssuer::Org => has_password || opens_another,
    };
    let org = org::Entity::find_by_id(link.org_id).one(db).await?.ok_or(InvalidToken)?;
    Ok(Opened { account, org: Some((org.id, org.name)), wants_password })
}

async fn active(db: &impl ConnectionTrait, account: AccountId) -> Result<account::Model, Error> {
    let found = account::Entity::find_by_id(account).filter(account::Column::IsActive.eq(true));
    found.one(db).await?.ok_or(InvalidToken.into())
}
