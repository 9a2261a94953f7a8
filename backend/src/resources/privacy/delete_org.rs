//! Deleting an org with all that it has; that it was there, and what happened in it, stays on record.

use crate::{
    db::Tx,
    ids::OrgId,
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

/// Deletes an org. The caller keeps everybody else from writing to it ([`transfer::hold_still`]).
///
/// # Errors
/// [`NotFound`](crate::error::NotFound) in it when there is no such org, or the database fails.
pub async fn delete_org(tx: &Tx, id: OrgId) -> Result<Deleted, TransferError> {
    orgs::lock_for_no_key_update(tx, id).await?;
    let mut accounts: Vec<_> = orgs::members(tx, id).await?.iter().map(|member| member.account_id).collect();
    accounts.sort_unstable();
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
