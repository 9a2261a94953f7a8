//! Refused sign-ins, for the audit log: one counted entry per account and minute, so that a flood of guesses is on record
//! without being a flood of writes. Counted in memory, written when the minute is over and when the program stops; a
//! crash loses at most the minute that was being counted. Each instance writes what it refused itself.

use super::accounts;
use crate::{
    clock::Clock,
    db::{Database, Origin},
    error::Error,
    ids::AccountId,
    resources::audit,
    telemetry::Metrics,
    timestamp::Timestamp,
};
use serde::Serialize;
use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const MINUTE_MICROS: i64 = 60_000_000;
/// Accounts per transaction: other writes get in between.
const AT_A_TIME: usize = 100;

/// An account and a minute. E-mails without an account share one count.
type Key = (Option<AccountId>, i64);

/// Counts refusals. Clones share the counts.
#[derive(Clone)]
pub struct Refusals {
    counts: Arc<Mutex<HashMap<Key, u64>>>,
    clock: Clock,
    metrics: Metrics,
}

/// What an entry says of its minute.
#[derive(Debug, Serialize)]
struct Refused {
    minute: Timestamp,
    refused: u64,
}

impl Refusals {
    /// Nothing counted yet.
    pub fn new(clock: Clock, metrics: Metrics) -> Self {
        Self { counts: Arc::default(), clock, metrics }
    }

    /// One more.
    pub fn count(&self, account: Option<AccountId>) {
        self.metrics.sign_in_refused();
        let minute = self.minute();
        *self.lock().entry((account, minute)).or_default() += 1;
    }

    /// Writes what was counted before this minute.
    ///
    /// # Errors
    /// When the database fails; then the counts stay for the next time.
    pub async fn record(&self, db: &Database) -> Result<(), Error> {
        let this = self.minute();
        self.write(db, |minute| minute < this).await
    }

    /// Writes everything, also of the minute that is not over: the program stops.
    ///
    /// # Errors
    /// As [`Refusals::record`].
    pub async fn record_all(&self, db: &Database) -> Result<(), Error> {
        self.write(db, |_| true).await
    }

    async fn write(&self, db: &Database, due: impl Fn(i64) -> bool) -> Result<(), Error> {
        let (mut taken, left): (Vec<(Key, u64)>, Vec<_>) =
            mem::take(&mut *self.lock()).into_iter().partition(|((_, minute), _)| due(*minute));
        self.add(left);
        while !taken.is_empty() {
            let some = taken.split_off(taken.len().saturating_sub(AT_A_TIME));
            if let Err(error) = insert(db, &some).await {
                self.add(some);
                self.add(taken);
                return Err(error);
            }
        }
        Ok(())
    }

    fn add(&self, counts: Vec<(Key, u64)>) {
        let mut all = self.lock();
        for (key, refused) in counts {
            *all.entry(key).or_default() += refused;
        }
    }

    fn minute(&self) -> i64 {
        self.clock.now().as_micros().div_euclid(MINUTE_MICROS)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, u64>> {
        // A count is never half-made, so a panic elsewhere leaves nothing broken.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn insert(db: &Database, counts: &[(Key, u64)]) -> Result<(), Error> {
    let tx = db.write(Origin::system()).await?;
    for ((account, minute), refused) in counts {
        let said = Refused { minute: Timestamp::from_micros(minute * MINUTE_MICROS), refused: *refused };
        match account {
            Some(account) => {
                let entry = || audit::Entry::of("account.sign_in_refused", *account).after(&said);
                accounts::record(&tx, *account, entry).await?;
            }
            None => {
                let entry = audit::Entry::event("account.sign_in_refused");
                entry.after(&said).record_for_account(&tx, None).await?;
            }
        }
    }
    tx.commit().await
}
