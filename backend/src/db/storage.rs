//! Whether the database's disk is full. It cannot be asked; what is known is how the last writes ended.

use super::Database;
use crate::error::FailureKind;
use crate::timestamp::Timestamp;
use sea_orm::DbErr;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// How long a failed write counts: without further writes, nothing tells that there is space again.
const NEWS_SECONDS: i64 = 60;

/// When a write last found the disk full, in microseconds. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Storage(Arc<AtomicI64>);

impl Default for Storage {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MIN)))
    }
}

impl Storage {
    /// Remembers the failure if the disk was full.
    pub(super) fn note_failure(&self, error: &DbErr, now: Timestamp) {
        if FailureKind::of(error) == FailureKind::StorageFull {
            self.0.store(now.as_micros(), Ordering::Relaxed);
        }
    }

    pub(super) fn note_success(&self) {
        self.0.store(i64::MIN, Ordering::Relaxed);
    }

    fn is_full(&self, now: Timestamp) -> bool {
        self.0.load(Ordering::Relaxed) > now.plus_seconds(-NEWS_SECONDS).as_micros()
    }
}

impl Database {
    /// Whether a write failed for lack of space during the last minute, and none succeeded since.
    pub fn storage_is_full(&self) -> bool {
        self.storage.is_full(self.clock.now())
    }
}
