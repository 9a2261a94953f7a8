//! Writing accounts and memberships.

use super::{
    event::{AccountEvent, AccountSettings},
    read::{by_email, memberships},
};
use crate::{
    auth::entity::{Notify, account, membership},
    db::{Constraint, OrRefusal, Tx},
    delivery::Delivery,
    error::{Duplicate, Error, NotFound},
    ids::{AccountId, MembershipId, OrgId},
    role::Role,
    text::Email,
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    EntityTrait, QuerySelect,
    sea_query::{LockType, OnConflict},
};

/// Locks the account with this e-mail (`FOR NO KEY UPDATE`) until the transaction ends. A new one is created without a password
/// (then the second value is true).
///
/// # Errors
/// When the database fails.
pub async fn lock_or_create(tx: &Tx, email: &Email) -> Result<(account::Model, bool), Error> {
    loop {
        let (found, is_new) = find_or_create(tx, email).await?;
        let locked = lock_for_no_key_update(tx, found.id).await?;
        // Who was erased while this waited has another e-mail now.
        if locked.email_key == found.email_key {
            return Ok((locked, is_new));
        }
    }
}

async fn find_or_create(tx: &Tx, email: &Email) -> Result<(account::Model, bool), Error> {
    let new = account::ActiveModel {
        id: Set(tx.new_id()),
        email: Set(email.to_string()),
        email_key: Set(email.key()),
        password_hash: NotSet,
        is_active: Set(true),
        locale: Set(None),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    let created = account::Entity::insert(new)
        .on_conflict(OnConflict::column(account::Column::EmailKey).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let account = by_email(tx, &email.key()).await?.ok_or(NotFound)?;
    Ok((account, created > 0))
}

/// An account is a member of an org once.
const ONE_MEMBERSHIP: Constraint =
    Constraint::unique("org_memberships_account", "org_memberships.org_id, org_memberships.account_id");

/// Makes an account a member of an org, pending without `proven_at`; `delivery` is that of the mail with its link.
///
/// # Errors
/// [`Duplicate`] when it is a member already.
pub async fn add_membership(
    tx: &Tx,
    org: OrgId,
    account: AccountId,
    role: Role,
    (proven_at, delivery): (Option<Timestamp>, Delivery),
) -> Result<MembershipId, Error> {
    let id = tx.new_id();
    let new = membership::ActiveModel {
        org_id: Set(org),
        id: Set(id),
        account_id: Set(account),
        role: Set(role),
        is_active: Set(true),
        proven_at: Set(proven_at),
        delivery: Set(delivery),
        delivery_error: Set(None),
        notify: Set(Notify::Declines),
        calendar_version: Set(0),
        created_at: Set(tx.now),
        updated_at: Set(tx.now),
    };
    membership::Entity::insert(new).exec_without_returning(tx).await.or_refusal(|error| {
        let detail = "This account is a member already; change its role instead.";
        ONE_MEMBERSHIP.meaning(error, || Duplicate { pointer: "/email", detail })
    })?;
    Ok(id)
}

/// Records an event in each org that the account may act in, because each has its own log; without an org where there is none.
///
/// # Errors
/// When the database fails.
pub async fn record_in_each_org(tx: &Tx, account: AccountId, event: &AccountEvent) -> Result<(), Error> {
    let orgs = memberships(tx, account).await?;
    if orgs.is_empty() {
        return tx.record(None, event).await;
    }
    for org in orgs {
        tx.record(org.org_id, event).await?;
    }
    Ok(())
}

/// Locks the account (`FOR NO KEY UPDATE`) until the transaction ends.
///
/// # Errors
/// [`NotFound`] when it is gone.
pub async fn lock_for_no_key_update(tx: &Tx, account: AccountId) -> Result<account::Model, Error> {
    account::Entity::find_by_id(account).lock(LockType::NoKeyUpdate).one(tx).await?.ok_or(NotFound.into())
}

/// Changes what a locked account sets of itself; the same settings write nothing.
///
/// # Errors
/// When the database fails.
pub async fn set_settings(tx: &Tx, account: &account::Model, after: AccountSettings) -> Result<(), Error> {
    let before = AccountSettings { locale: account.locale };
    if before == after {
        return Ok(());
    }
    let row = account::ActiveModel {
        id: Set(account.id),
        locale: Set(after.locale),
        updated_at: Set(tx.now),
        ..Default::default()
    };
    account::Entity::update(row).exec(tx).await?;
    record_in_each_org(tx, account.id, &AccountEvent::Updated { id: account.id, before, after }).await
}
