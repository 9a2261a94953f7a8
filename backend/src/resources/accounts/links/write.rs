//! Writing links.

use super::read::{Opened, hash, open};
use crate::{
    auth::{
        InvalidToken,
        entity::{LinkIssuer, PasswordTokenPurpose, account, membership, membership_link, password_token},
    },
    db::{Database, OfOrg, Origin, Tx},
    error::Error,
    ids::{AccountId, OrgId},
    random::Random,
    resources::accounts::write,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::LockType,
};

/// Lifetime of a mailed link: a security rule.
pub const MAILED_SECONDS: i64 = 30 * 60;

/// Lifetime of a link that is handed out: members are added days before they are at a desk.
pub const HANDED_SECONDS: i64 = 7 * 24 * 3600;

/// What became of a link that is to be made with a certain token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issued {
    /// It works.
    Ready,
    /// It was made before, and has expired.
    Expired,
    /// It was made before, and was used or revoked.
    Gone,
}

/// Makes the reset link with this token and revokes earlier ones; one that was made before and still works is extended.
/// Membership links stay valid, because anyone can request a reset.
///
/// # Errors
/// When the database fails.
pub async fn issue_reset(tx: &Tx, account: AccountId, token: &str) -> Result<Issued, Error> {
    use password_token::Column;
    // Of two concurrent requests, the later one revokes the link of the earlier.
    write::lock_for_no_key_update(tx, account).await?;
    let expires_at = tx.now.plus_seconds(MAILED_SECONDS);
    let made = password_token::Entity::find().filter(Column::TokenHash.eq(hash(token)));
    if let Some(made) = made.one(tx).await? {
        if made.used_at.is_some() || made.expires_at <= tx.now {
            return Ok(if made.used_at.is_some() { Issued::Gone } else { Issued::Expired });
        }
        let extended = password_token::ActiveModel { expires_at: Set(expires_at), ..Default::default() };
        password_token::Entity::update_many().set(extended).filter(Column::Id.eq(made.id)).exec(tx).await?;
        return Ok(Issued::Ready);
    }
    kill_resets(tx, account).await?;
    let new = password_token::ActiveModel {
        id: Set(tx.new_id()),
        account_id: Set(account),
        purpose: Set(PasswordTokenPurpose::Reset),
        token_hash: Set(hash(token)),
        expires_at: Set(expires_at),
        used_at: NotSet,
        created_at: Set(tx.now),
    };
    password_token::Entity::insert(new).exec_without_returning(tx).await?;
    Ok(Issued::Ready)
}

/// Makes a membership link, to be handed out, and revokes earlier ones of the same giver; returns its token.
///
/// # Errors
/// When the database fails.
pub async fn issue(
    tx: &Tx,
    random: &Random,
    org: OrgId,
    account: AccountId,
    giver: LinkIssuer,
) -> Result<String, Error> {
    let token = new_token(random);
    issue_with(tx, org, account, giver, &token).await?;
    Ok(token)
}

/// The same with a token of the caller's; one that was made before and still works is extended.
///
/// # Errors
/// When the database fails.
pub async fn issue_with(
    tx: &Tx,
    org: OrgId,
    account: AccountId,
    giver: LinkIssuer,
    token: &str,
) -> Result<Issued, Error> {
    use membership_link::Column;
    write::lock_for_no_key_update(tx, account).await?;
    let expires_at = tx.now.plus_seconds(HANDED_SECONDS);
    let made = membership_link::Entity::of(org).filter(Column::TokenHash.eq(hash(token)));
    if let Some(made) = made.one(tx).await? {
        if made.used_at.is_some() || made.expires_at <= tx.now {
            return Ok(if made.used_at.is_some() { Issued::Gone } else { Issued::Expired });
        }
        let extended = membership_link::ActiveModel { expires_at: Set(expires_at), ..Default::default() };
        membership_link::Entity::update_of(org).set(extended).filter(Column::Id.eq(made.id)).exec(tx).await?;
        return Ok(Issued::Ready);
    }
    membership_link::Entity::update_of(org)
        .set(membership_link::ActiveModel { used_at: Set(Some(tx.now)), ..Default::default() })
        .filter(Column::AccountId.eq(account))
        .filter(Column::Giver.eq(giver))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    let new = membership_link::ActiveModel {
        org_id: Set(org),
        id: Set(tx.new_id()),
        account_id: Set(account),
        giver: Set(giver),
        token_hash: Set(hash(token)),
        expires_at: Set(expires_at),
        used_at: NotSet,
        created_at: Set(tx.now),
    };
    membership_link::Entity::insert(new).exec_without_returning(tx).await?;
    Ok(Issued::Ready)
}

fn new_token(random: &Random) -> String {
    URL_SAFE_NO_PAD.encode(random.bytes::<32>())
}

/// Uses up a link that was `seen` before the password was hashed: sets the password, proves what the link proves, and returns
/// the orgs. Of two concurrent uses, one succeeds.
///
/// # Errors
/// [`InvalidToken`] when it is not valid any more; [`Error::Invalid`] at `/current_password` when the password has changed, or
/// is wanted where it was not (or the reverse).
pub async fn use_up(tx: &Tx, token: &str, seen: &Opened, password_hash: String) -> Result<Vec<OrgId>, Error> {
    let account = seen.account.id;
    // Lock order, as everywhere: account, memberships, links. Removing a member deletes their links, too.
    write::lock_for_no_key_update(tx, account).await?;
    let memberships = membership::Entity::find()
        .filter(membership::Column::AccountId.eq(account))
        .order_by_asc(membership::Column::OrgId)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    let now = open(tx, token, tx.now).await?;
    if now.account.password_hash != seen.account.password_hash || now.wants_password != seen.wants_password {
        return Err(Error::invalid("/current_password", "was set or changed meanwhile"));
    }
    let org = now.org.map(|(org, _)| org);
    if let Some(org) = org {
        membership_link::Entity::update_of(org)
            .set(membership_link::ActiveModel { used_at: Set(Some(tx.now)), ..Default::default() })
            .filter(membership_link::Column::AccountId.eq(account))
            .filter(membership_link::Column::UsedAt.is_null())
            .exec(tx)
            .await?;
    }
    let pending = memberships.into_iter().filter(|membership| membership.proven_at.is_none());
    let proven: Vec<OrgId> =
        pending.map(|membership| membership.org_id).filter(|its| org.is_none_or(|org| org == *its)).collect();
    membership::Entity::update_many()
        .set(membership::ActiveModel {
            proven_at: Set(Some(tx.now)),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(membership::Column::AccountId.eq(account))
        .filter(membership::Column::OrgId.is_in(proven.iter().copied()))
        .exec(tx)
        .await?;
    if replace_password(tx, account, password_hash).await? { Ok(proven) } else { Err(InvalidToken.into()) }
}

/// Sets the password of an account and revokes the links that would set it without asking for it. False when the account is
/// switched off.
///
/// # Errors
/// When the database fails.
pub async fn replace_password(tx: &Tx, account: AccountId, password_hash: String) -> Result<bool, Error> {
    kill_resets(tx, account).await?;
    membership_link::Entity::update_many()
        .set(membership_link::ActiveModel { used_at: Set(Some(tx.now)), ..Default::default() })
        .filter(membership_link::Column::AccountId.eq(account))
        .filter(membership_link::Column::Giver.eq(LinkIssuer::Operator))
        .filter(membership_link::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    let set = account::Entity::update_many()
        .set(account::ActiveModel {
            password_hash: Set(Some(password_hash)),
            updated_at: Set(tx.now),
            ..Default::default()
        })
        .filter(account::Column::Id.eq(account))
        .filter(account::Column::IsActive.eq(true))
        .exec(tx)
        .await?;
    Ok(set.rows_affected == 1)
}

async fn kill_resets(tx: &Tx, account: AccountId) -> Result<(), Error> {
    password_token::Entity::update_many()
        .set(password_token::ActiveModel { used_at: Set(Some(tx.now)), ..Default::default() })
        .filter(password_token::Column::AccountId.eq(account))
        .filter(password_token::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the links that expired more than a day ago; returns how many. Anyone who knows an e-mail can request some.
///
/// # Errors
/// When the database fails.
pub async fn forget_old(db: &Database) -> Result<u64, Error> {
    let tx = db.write(Origin::system()).await?;
    let oldest = tx.now.plus_seconds(-24 * 3600);
    let mailed = password_token::Column::ExpiresAt.lte(oldest);
    let mailed = password_token::Entity::delete_many().filter(mailed).exec(&tx).await?;
    let handed = membership_link::Column::ExpiresAt.lte(oldest);
    let handed = membership_link::Entity::delete_many().filter(handed).exec(&tx).await?;
    tx.commit().await?;
    Ok(mailed.rows_affected + handed.rows_affected)
}
