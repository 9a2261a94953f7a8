//! Where time comes from. Nothing else in the crate may ask the system for it (`clippy.toml` bans that), so a test
//! decides what "now" is and never sleeps.

use crate::db::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// A source of the current instant; cheap to clone, clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System(Instant),
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System(Instant::now()))
    }

    /// A clock that stands still until [`Clock::set`] moves it.
    pub fn fixed(at: Timestamp) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(at.as_micros()))))
    }

    /// The current instant.
    #[allow(clippy::disallowed_methods, reason = "the one place that may ask the system")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System(_) => Timestamp::from_micros(jiff::Timestamp::now().as_microsecond()),
            Source::Fixed(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// How long it has been running: unlike [`Clock::now`] it never goes back, whatever is done to the machine's clock.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System(started) => started.elapsed(),
            Source::Fixed(micros) => {
                Duration::from_micros(u64::try_from(micros.load(Ordering::SeqCst)).unwrap_or(0))
            }
        }
    }

    /// Moves a fixed clock; the system's cannot be moved and stays as it is.
    pub fn set(&self, at: Timestamp) {
        if let Source::Fixed(micros) = &self.0 {
            micros.store(at.as_micros(), Ordering::SeqCst);
        }
    }
}
