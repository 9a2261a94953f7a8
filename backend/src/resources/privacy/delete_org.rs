//! Deleting an org with all that it has; that it was there, and what happened in it, stays on record.

use crate::{
    db::Tx,
    error::{Error, NotFound},
    ids::{AccountId, OrgId},
    resources::{accounts, audit, orgs},
    transfer::{self, TransferError},
};

/// What went with an org.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deleted {
    pub rows: u64,
    /// Those that no other org needs.
    pub logins: u64,
}

/// Keeps everybody else from writing to an org until the transaction ends, so that nothing of it comes after its export and is
/// removed unseen: its own row, its members' accounts by id, then the tables, in the order in which all writers lock them.
///
/// # Errors
/// When there is no such org, the database fails, or somebody else writes for too long.
pub async fn hold_still(tx: &Tx, id: OrgId) -> Result<(), TransferError> {
    orgs::lock_for_no_key_update(tx, id).await.map_err(|error| match error.is::<NotFound>() {
        true => TransferError::no_org(id),
        false => error.into(),
    })?;
    for account in accounts_of(tx, id).await? {
        accounts::lock_for_no_key_update(tx, account).await?;
    }
    transfer::hold_still(tx).await
}

async fn accounts_of(tx: &Tx, id: OrgId) -> Result<Vec<AccountId>, Error> {
    let mut accounts: Vec<_> = orgs::members(tx, id).await?.iter().map(|member| member.account_id).collect();
    accounts.sort_unstable();
    Ok(accounts)
}

/// Deletes an org. The caller keeps everybody else from writing to it ([`hold_still`]).
///
/// # Errors
/// [`NotFound`] in it when there is no such org, or the database fails.
pub async fn delete_org(tx: &Tx, id: OrgId) -> Result<Deleted, TransferError> {
    orgs::lock_for_no_key_update(tx, id).await?;
    let accounts = accounts_of(tx, id).await?;
    orgs::delete(tx, id).await?;
    let rows = transfer::remove(tx, id).await?;
    audit::empty_all_details(tx, id).await?;
    let mut logins = 0;
    for account in accounts {
        let account = accounts::lock_for_no_key_update(tx, account).await?;
        logins += u64::from(accounts::erase(tx, account.id).await?);
    }
    Ok(Deleted { rows, logins })
}
