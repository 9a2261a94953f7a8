//! Writing links.

use super::read::{Opened, hash, open};
use crate::{
    auth::{
        InvalidToken,
        entity::{Giver, PasswordTokenPurpose, account, membership, membership_link, password_token},
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
    write::lock_for_no_key_update(tx, account).await?;
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
    write::lock_for_no_key_update(tx, account).await?;
    membership_link::Entity::update_of(org)
        .set(membership_link::ActiveModel { used_at: Set(Some(tx.now)), ..Default::default() })
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

/// Uses a link up that was `seen` before its password was hashed: sets the password, proves what the link proves, and
/// says for which orgs. Of two that try at once, one wins.
///
/// # Errors
/// [`InvalidToken`] when it is not good any more; [`Error::Invalid`] at `/current_password` when the account has
/// another one than was seen.
pub async fn use_up(tx: &Tx, token: &str, seen: &Opened, password_hash: String) -> Result<Vec<OrgId>, Error> {
    let account = seen.account.id;
    // The account before its memberships before their links, as everywhere: who is removed takes their links along.
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

/// Sets the password of an account; links die that would set it without knowing it. False when the account is switched
/// off.
///
/// # Errors
/// When the database fails.
pub async fn replace_password(tx: &Tx, account: AccountId, password_hash: String) -> Result<bool, Error> {
    kill_resets(tx, account).await?;
    membership_link::Entity::update_many()
        .set(membership_link::ActiveModel { used_at: Set(Some(tx.now)), ..Default::default() })
        .filter(membership_link::Column::AccountId.eq(account))
        .filter(membership_link::Column::Giver.eq(Giver::Operator))
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
