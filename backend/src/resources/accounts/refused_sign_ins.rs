//! Recording refused sign-ins in the audit log.

use super::{
    event::{AccountEvent, RefusedInMinute},
    write,
};
use crate::{
    auth::{RefusedSignIn, RefusedSignIns},
    db::{Database, Origin},
    error::Error,
};

/// Counts written per transaction, so that other writes get in between.
const AT_A_TIME: usize = 100;

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
        let after = RefusedInMinute { minute: *minute, refused: *count };
        let event = AccountEvent::SignInRefused { id: *account, after };
        match account {
            Some(account) => write::record_in_each_org(&tx, *account, &event).await?,
            None => tx.record(None, &event).await?,
        }
    }
    tx.commit().await
}
