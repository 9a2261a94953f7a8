//! Accounts, their memberships, and the single-use tokens that set their passwords.

use super::{
    Role, hash_secret,
    tables::{account, membership, org, password_token},
};
use crate::{
    db::{Actor, Database, Origin, Timestamp, Tx},
    error::Error,
    ids::{AccountId, MembershipId, OrgId},
    random::Random,
    text::{Email, EmailKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{Expr, LockType, OnConflict},
};

crate::words::words! {
    /// What a password token is for.
    pub enum PasswordTokenPurpose {
        /// The first password of a new login.
        Welcome = "welcome",
        /// A forgotten password.
        Reset = "reset",
    }
}

impl PasswordTokenPurpose {
    /// How long the link works: 30 minutes for a reset (a security rule); people are added days before they are at a
    /// desk.
    const fn seconds(self) -> i64 {
        match self {
            Self::Reset => 30 * 60,
            Self::Welcome => 7 * 24 * 3600,
        }
    }
}

/// The account with this e-mail.
///
/// # Errors
/// When the database fails.
pub async fn by_email(db: &impl ConnectionTrait, email: &EmailKey) -> Result<Option<account::Model>, Error> {
    Ok(account::Entity::find().filter(account::Column::EmailKey.eq(email.clone())).one(db).await?)
}

/// The account of this id.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<account::Model, Error> {
    account::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)
}

/// The account with this e-mail, created without a password when it is new (then the second value is true).
///
/// # Errors
/// When the database fails.
pub async fn find_or_create(tx: &Tx, email: &Email) -> Result<(account::Model, bool), Error> {
    let new = account::ActiveModel {
        id: Set(tx.new_id()),
        email: Set(email.to_string()),
        email_key: Set(email.key()),
        password_hash: NotSet,
        is_active: Set(true),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    let created = account::Entity::insert(new)
        .on_conflict(OnConflict::column(account::Column::EmailKey).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let account = by_email(tx, &email.key()).await?.ok_or(Error::NotFound)?;
    Ok((account, created > 0))
}

/// Makes an account a member of an org.
///
/// # Errors
/// [`Error::Duplicate`] when it is one already.
pub async fn add_membership(
    tx: &Tx,
    org: OrgId,
    account: AccountId,
    role: Role,
) -> Result<MembershipId, Error> {
    let id = tx.new_id();
    let new = membership::ActiveModel {
        org_id: Set(org),
        id: Set(id),
        account_id: Set(account),
        role: Set(role),
        is_active: Set(true),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    membership::Entity::insert(new).exec_without_returning(tx).await?;
    Ok(id)
}

/// One org that an account may act in.
#[derive(Debug, Clone, FromQueryResult, serde::Serialize, utoipa::ToSchema)]
pub struct OrgMembership {
    /// The org.
    pub org_id: OrgId,
    /// Its name.
    #[schema(example = "Théâtre du Rideau Rouge")]
    pub org_name: String,
    /// The account's role in it.
    pub role: Role,
}

/// The orgs an account is an active member of, the one joined first leading.
///
/// # Errors
/// When the database fails.
pub async fn memberships(db: &impl ConnectionTrait, account: AccountId) -> Result<Vec<OrgMembership>, Error> {
    let joined = membership::Entity::find()
        .select_only()
        .columns([membership::Column::OrgId, membership::Column::Role])
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
    Ok(joined.into_model().all(db).await?)
}

/// A token that sets the account's password once; earlier ones of the same purpose die. A reset, which anyone can ask
/// for, leaves the link of a new login alone.
///
/// # Errors
/// When the database fails.
pub async fn issue_password_token(
    tx: &Tx,
    random: &Random,
    account: AccountId,
    purpose: PasswordTokenPurpose,
) -> Result<String, Error> {
    // Of two at once the later kills the earlier's.
    lock(tx, account).await?;
    kill_password_tokens(tx, account, Some(purpose)).await?;
    let token = URL_SAFE_NO_PAD.encode(random.bytes::<32>());
    let new = password_token::ActiveModel {
        id: Set(tx.new_id()),
        account_id: Set(account),
        purpose: Set(purpose),
        token_hash: Set(hash_link(&token)),
        expires_at: Set(tx.now.plus_seconds(purpose.seconds())),
        used_at: NotSet,
        created_at: Set(tx.now),
    };
    password_token::Entity::insert(new).exec_without_returning(tx).await?;
    Ok(token)
}

/// What is stored of a link's token, and looked up. Whoever copies one may take white space along.
fn hash_link(token: &str) -> Vec<u8> {
    hash_secret(token.trim().as_bytes())
}

/// The account that a password token may still set the password of.
///
/// # Errors
/// [`Error::InvalidToken`] when it is unknown, used or expired, or its account is switched off.
pub async fn password_token_account(
    db: &impl ConnectionTrait,
    token: &str,
    now: Timestamp,
) -> Result<account::Model, Error> {
    let found = account::Entity::find()
        .join(
            JoinType::InnerJoin,
            account::Entity::belongs_to(password_token::Entity)
                .from(account::Column::Id)
                .to(password_token::Column::AccountId)
                .into(),
        )
        .filter(password_token::Column::TokenHash.eq(hash_link(token)))
        .filter(password_token::Column::UsedAt.is_null())
        .filter(password_token::Column::ExpiresAt.gt(now))
        .filter(account::Column::IsActive.eq(true))
        .one(db)
        .await?;
    found.ok_or(Error::InvalidToken)
}

/// Sets the password if the token is still good, and uses the token up. Of two that try at once, one wins.
///
/// # Errors
/// [`Error::InvalidToken`] when it is not good any more.
pub async fn set_password(tx: &Tx, token: &str, password_hash: String) -> Result<AccountId, Error> {
    // The account before the token, as everywhere.
    let account = password_token_account(tx, token, tx.now).await?.id;
    lock(tx, account).await?;
    let used = password_token::Entity::update_many()
        .col_expr(password_token::Column::UsedAt, Expr::value(tx.now))
        .filter(password_token::Column::TokenHash.eq(hash_link(token)))
        .filter(password_token::Column::UsedAt.is_null())
        .filter(password_token::Column::ExpiresAt.gt(tx.now))
        .exec(tx)
        .await?;
    if used.rows_affected == 0 {
        return Err(Error::InvalidToken);
    }
    if replace_password(tx, account, password_hash).await? { Ok(account) } else { Err(Error::InvalidToken) }
}

/// Sets the password of an account; links that would set it, too, die. False when the account is switched off.
///
/// # Errors
/// When the database fails.
pub async fn replace_password(tx: &Tx, account: AccountId, password_hash: String) -> Result<bool, Error> {
    kill_password_tokens(tx, account, None).await?;
    let set = account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(password_hash))
        .col_expr(account::Column::UpdatedAt, Expr::value(tx.now))
        .filter(account::Column::Id.eq(account))
        .filter(account::Column::IsActive.eq(true))
        .exec(tx)
        .await?;
    Ok(set.rows_affected == 1)
}

/// Uses up the tokens of one purpose, or all.
async fn kill_password_tokens(
    tx: &Tx,
    account: AccountId,
    purpose: Option<PasswordTokenPurpose>,
) -> Result<(), Error> {
    let mut update = password_token::Entity::update_many()
        .col_expr(password_token::Column::UsedAt, Expr::value(tx.now))
        .filter(password_token::Column::AccountId.eq(account))
        .filter(password_token::Column::UsedAt.is_null());
    if let Some(purpose) = purpose {
        update = update.filter(password_token::Column::Purpose.eq(purpose));
    }
    update.exec(tx).await?;
    Ok(())
}

/// Deletes the tokens that expired more than a day ago; returns how many. Anyone who knows an e-mail can have some made.
///
/// # Errors
/// When the database fails.
pub async fn forget_old_password_tokens(db: &Database) -> Result<u64, Error> {
    let tx = db.write(Origin { actor: Actor::System, request_id: None }).await?;
    let oldest = tx.now.plus_seconds(-24 * 3600);
    let old = password_token::Column::ExpiresAt.lte(oldest);
    let done = password_token::Entity::delete_many().filter(old).exec(&tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected)
}

/// The account, locked against a concurrent change of its password or state.
///
/// # Errors
/// [`Error::NotFound`] when it is gone.
pub async fn lock(tx: &Tx, account: AccountId) -> Result<account::Model, Error> {
    account::Entity::find_by_id(account).lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(Error::NotFound)
}
