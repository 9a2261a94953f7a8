//! Recording refused sign-ins in the audit log.

use super::write;
use crate::{
    auth::{RefusedSignIn, RefusedSignIns},
    db::{Database, Origin},
    error::Error,
    resources::audit,
    timestamp::Timestamp,
};
use serde::Serialize;

/// Counts written per transaction, so that other writes get in between.
const AT_A_TIME: usize = 100;

/// The `after` of an audit entry.
#[derive(Debug, Serialize)]
struct Entry {
    minute: Timestamp,
    refused: u64,
}

/// Records the refusals of past minutes, or all of them when the program stops.
///
/// # Errors
/// When the database fails; what was not recorded is put back for the next time.
pub async fn record_refusals(
    db: &Database,
    refusals: &RefusedSignIns,
    also_of_this_minute: bool,
) -> Result<(), Error> {
    let mut taken = refusals.take(also_of_this_minute);
    while !taken.is_empty() {
        let some = taken.split_off(taken.len().saturating_sub(AT_A_TIME));
        if let Err(error) = insert(db, &some).await {
            refusals.put_back(some.into_iter().chain(taken));
            return Err(error);
        }
    }
    Ok(())
}

async fn insert(db: &Database, refused: &[RefusedSignIn]) -> Result<(), Error> {
    let tx = db.write(Origin::system()).await?;
    for RefusedSignIn { account, minute, count } in refused {
        let said = Entry { minute: *minute, refused: *count };
        match account {
            Some(account) => {
                let entry = || audit::Entry::of("account.sign_in_refused", *account).after(&said);
                write::record(&tx, *account, entry).await?;
            }
            None => {
                let entry = audit::Entry::event("account.sign_in_refused");
                entry.after(&said).record_for_account(&tx, None).await?;
            }
        }
    }
    tx.commit().await
}
