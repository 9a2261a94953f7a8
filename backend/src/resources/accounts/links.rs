//! Links that let their holder set a password once, and what using one proves (docs/security.md, Whose login it is).
//!
//! A membership opens nothing until its account has proven it. Who holds a link has it from somewhere, and that is what
//! the link proves: an org that handed it out vouches for its own membership, a mailbox for whatever its address was
//! made a member of, the operator for the org that the link names. So that an org vouches for nothing else, its link
//! never takes over a login: where there is a password, or another org that would open by it, it asks for the password.

use super::store;
use crate::{
    auth::{
        InvalidToken,
        entity::{Giver, PasswordTokenPurpose, account, membership, membership_link, org, password_token},
        hash_secret,
    },
    db::{Database, Origin, Tx},
    error::Error,
    ids::{AccountId, OrgId},
    random::Random,
    timestamp::Timestamp,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockType},
};

/// How long the link of a mail works: a security rule.
const MAILED_SECONDS: i64 = 30 * 60;
/// How long one works that is handed out: people are added days before they are at a desk.
const HANDED_SECONDS: i64 = 7 * 24 * 3600;

/// Makes a link for the account's address; returns its token. Earlier ones die. Those of its memberships, which not
/// everyone can ask for, live on.
///
/// # Errors
/// When the database fails.
pub async fn issue_reset(tx: &Tx, random: &Random, account: AccountId) -> Result<String, Error> {
    // Of two at once the later kills the earlier's.
    store::lock(tx, account).await?;
    kill_resets(tx, account).await?;
    let token = new_token(random);
    let new = password_token::ActiveModel {
        id: Set(tx.new_id()),
        account_id: Set(account),
        purpose: Set(PasswordTokenPurpose::Reset),
        token_hash: Set(hash(&token)),
        expires_at: Set(tx.now.plus_seconds(MAILED_SECONDS)),
        used_at: NotSet,
        created_at: Set(tx.now),
    };
    password_token::Entity::insert(new).exec_without_returning(tx).await?;
    Ok(token)
}

/// Makes a link for a membership, to be handed out; returns its token. Earlier ones of the same giver die.
///
/// # Errors
/// When the database fails.
pub async fn issue(
    tx: &Tx,
    random: &Random,
    org: OrgId,
    account: AccountId,
    giver: Giver,
) -> Result<String, Error> {
    use membership_link::Column;
    store::lock(tx, account).await?;
    membership_link::Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(tx.now))
        .filter(Column::OrgId.eq(org))
        .filter(Column::AccountId.eq(account))
        .filter(Column::Giver.eq(giver))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    let token = new_token(random);
    let new = membership_link::ActiveModel {
        org_id: Set(org),
        id: Set(tx.new_id()),
        account_id: Set(account),
        giver: Set(giver),
        token_hash: Set(hash(&token)),
        expires_at: Set(tx.now.plus_seconds(HANDED_SECONDS)),
        used_at: NotSet,
        created_at: Set(tx.now),
    };
    membership_link::Entity::insert(new).exec_without_returning(tx).await?;
    Ok(token)
}

fn new_token(random: &Random) -> String {
    URL_SAFE_NO_PAD.encode(random.bytes::<32>())
}

/// What is stored of a token, and looked up. Whoever copies one may take white space along.
fn hash(token: &str) -> Vec<u8> {
    hash_secret(token.trim().as_bytes())
}

/// A link that still works, and what it does as of now.
#[derive(Debug)]
pub struct Opened {
    /// Whose password it sets.
    pub account: account::Model,
    /// The org whose membership it proves, and its name; none when it proves all of the account's.
    pub org: Option<(OrgId, String)>,
    /// Whether its holder must know the account's password, because the link alone would open more than that org.
    pub wants_password: bool,
}

/// What a link does.
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
    // One that is switched off can be switched on again.
    let opens_another = others.iter().any(|other| other.proven_at.is_some());
    let has_password = account.password_hash.is_some();
    let wants_password = match link.giver {
        Giver::Operator => false,
        Giver::Org if has_password && own.proven_at.is_some() => return Err(InvalidToken.into()),
        Giver::Org => has_password || opens_another,
    };
    let org = org::Entity::find_by_id(link.org_id).one(db).await?.ok_or(InvalidToken)?;
    Ok(Opened { account, org: Some((org.id, org.name)), wants_password })
}

async fn active(db: &impl ConnectionTrait, account: AccountId) -> Result<account::Model, Error> {
    let found = account::Entity::find_by_id(account).filter(account::Column::IsActive.eq(true));
    found.one(db).await?.ok_or(InvalidToken.into())
}

/// Uses a link up that was `seen` before its password was hashed: sets the password, proves what the link proves, and
/// says for which orgs. Of two that try at once, one wins.
///
/// # Errors
/// [`InvalidToken`] when it is not good any more; [`Error::Invalid`] at `/current_password` when the account has
/// another one than was seen.
pub async fn use_up(tx: &Tx, token: &str, seen: &Opened, password_hash: String) -> Result<Vec<OrgId>, Error> {
    let account = seen.account.id;
    // The account before its memberships before their links, as everywhere: who is removed takes their links along.
    store::lock(tx, account).await?;
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
        membership_link::Entity::update_many()
            .col_expr(membership_link::Column::UsedAt, Expr::value(tx.now))
            .filter(membership_link::Column::OrgId.eq(org))
            .filter(membership_link::Column::AccountId.eq(account))
            .filter(membership_link::Column::UsedAt.is_null())
            .exec(tx)
            .await?;
    }
    let pending = memberships.into_iter().filter(|membership| membership.proven_at.is_none());
    let proven: Vec<OrgId> =
        pending.map(|membership| membership.org_id).filter(|its| org.is_none_or(|org| org == *its)).collect();
    membership::Entity::update_many()
        .col_expr(membership::Column::ProvenAt, Expr::value(tx.now))
        .col_expr(membership::Column::UpdatedAt, Expr::value(tx.now))
        .filter(membership::Column::AccountId.eq(account))
        .filter(membership::Column::OrgId.is_in(proven.iter().copied()))
        .exec(tx)
        .await?;
    if replace_password(tx, account, password_hash).await? { Ok(proven) } else { Err(InvalidToken.into()) }
}

/// Sets the password of an account; links die that would set it without knowing it. False when the account is switched
/// off.
///
/// # Errors
/// When the database fails.
pub async fn replace_password(tx: &Tx, account: AccountId, password_hash: String) -> Result<bool, Error> {
    kill_resets(tx, account).await?;
    membership_link::Entity::update_many()
        .col_expr(membership_link::Column::UsedAt, Expr::value(tx.now))
        .filter(membership_link::Column::AccountId.eq(account))
        .filter(membership_link::Column::Giver.eq(Giver::Operator))
        .filter(membership_link::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    let set = account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(password_hash))
        .col_expr(account::Column::UpdatedAt, Expr::value(tx.now))
        .filter(account::Column::Id.eq(account))
        .filter(account::Column::IsActive.eq(true))
        .exec(tx)
        .await?;
    Ok(set.rows_affected == 1)
}

async fn kill_resets(tx: &Tx, account: AccountId) -> Result<(), Error> {
    password_token::Entity::update_many()
        .col_expr(password_token::Column::UsedAt, Expr::value(tx.now))
        .filter(password_token::Column::AccountId.eq(account))
        .filter(password_token::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Deletes the links that expired more than a day ago; returns how many. Anyone who knows an e-mail can have some made.
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
