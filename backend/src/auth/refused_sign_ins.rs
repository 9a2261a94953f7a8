//! Refused sign-ins for the audit log: one counted entry per account, org and minute, so that a flood of guesses is on record
//! without a flood of writes. Counted in memory, written when the minute is over and when the program stops; a crash loses what
//! was not yet written. Each instance writes its own counts.

use crate::{clock::Clock, ids::AccountId, telemetry::Metrics, timestamp::Timestamp};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const MINUTE_MICROS: i64 = 60_000_000;
/// An account and a minute since the epoch. E-mails without an account share the key `None`.
type Key = (Option<AccountId>, i64);

/// Clones share the counts.
#[derive(Clone)]
pub struct RefusedSignIns {
    counts: Arc<Mutex<HashMap<Key, u64>>>,
    clock: Clock,
    metrics: Metrics,
}

/// The refusals of an account in one minute.
#[derive(Debug, Clone)]
pub struct RefusedSignIn {
    /// `None` for all e-mails without an account together.
    pub account: Option<AccountId>,
    pub minute: Timestamp,
    pub count: u64,
}

impl RefusedSignIns {
    pub fn new(clock: Clock, metrics: Metrics) -> Self {
        Self { counts: Arc::default(), clock, metrics }
    }

    pub fn count(&self, account: Option<AccountId>) {
        self.metrics.sign_in_refused();
        let minute = self.minute();
        *self.lock().entry((account, minute)).or_default() += 1;
    }

    /// Removes and returns the counts of past minutes, or all.
    pub fn take(&self, also_of_this_minute: bool) -> Vec<RefusedSignIn> {
        let this = self.minute();
        let mut counts = self.lock();
        let taken: Vec<_> =
            counts.extract_if(|(_, minute), _| also_of_this_minute || *minute < this).collect();
        taken
            .into_iter()
            .map(|((account, minute), count)| RefusedSignIn {
                account,
                minute: Timestamp::from_micros(minute * MINUTE_MICROS),
                count,
            })
            .collect()
    }

    /// Adds back the counts that could not be written.
    pub fn put_back(&self, refused: impl IntoIterator<Item = RefusedSignIn>) {
        let mut counts = self.lock();
        for RefusedSignIn { account, minute, count } in refused {
            *counts.entry((account, minute.as_micros().div_euclid(MINUTE_MICROS))).or_default() += count;
        }
    }

    fn minute(&self) -> i64 {
        self.clock.now().as_micros().div_euclid(MINUTE_MICROS)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, u64>> {
        // Each change is one number, so the counts are consistent even if the lock is poisoned.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
