//! The only source of wall-clock time in the crate (`clippy.toml` bans the others), so that a test decides what "now" is
//! and never sleeps.

use crate::timestamp::Timestamp;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// A source of the current instant. Clones share its time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine(Machine),
    /// The instant of another clock at `Machine::started`, in microseconds, or [`NOT_TOLD`]. The monotonic time since then
    /// is added.
    Following(Machine, Arc<AtomicI64>),
    Fixed(Arc<AtomicI64>),
}

/// In [`Source::Following`] until the first [`Clock::follow`]: the machine's clock counts.
const NOT_TOLD: i64 = i64::MIN;

#[derive(Clone, Copy, Debug)]
struct Machine {
    started: Instant,
    wrong_by_micros: i64,
}

impl Machine {
    #[allow(clippy::disallowed_methods, reason = "the one place that may ask the system")]
    fn now(self) -> i64 {
        jiff::Timestamp::now().as_microsecond() + self.wrong_by_micros
    }

    fn elapsed_micros(self) -> i64 {
        micros(self.started.elapsed())
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Clock {
    pub fn system() -> Self {
        Self::wrong_by(0)
    }

    /// The system's clock, ahead by `seconds`; for tests with several machines whose clocks differ.
    pub fn wrong_by(seconds: i64) -> Self {
        let wrong_by_micros = seconds.saturating_mul(1_000_000);
        Self(Source::Machine(Machine { started: Instant::now(), wrong_by_micros }))
    }

    /// A clock that stands still until [`Clock::set`] moves it.
    pub fn fixed(at: Timestamp) -> Self {
        Self(Source::Fixed(Arc::new(AtomicI64::new(at.as_micros()))))
    }

    /// A clock that shows this one's time until [`Clock::follow`]. A fixed or following clock is only cloned.
    #[must_use]
    pub fn following(&self) -> Self {
        match &self.0 {
            Source::Machine(machine) => Self(Source::Following(*machine, Arc::new(AtomicI64::new(NOT_TOLD)))),
            Source::Following(..) | Source::Fixed(_) => self.clone(),
        }
    }

    pub fn follows(&self) -> bool {
        matches!(self.0, Source::Following(..))
    }

    /// Sets a following clock and its clones to another clock, which showed `at` when this one had been running for
    /// `elapsed`. It then runs on monotonic time, so that changes of the machine's clock do not matter.
    pub fn follow(&self, at: Timestamp, elapsed: Duration) {
        if let Source::Following(_, began) = &self.0 {
            began.store(at.as_micros().saturating_sub(micros(elapsed)), Ordering::SeqCst);
        }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(match &self.0 {
            Source::Machine(machine) => machine.now(),
            Source::Following(machine, began) => match began.load(Ordering::SeqCst) {
                NOT_TOLD => machine.now(),
                began => began.saturating_add(machine.elapsed_micros()),
            },
            Source::Fixed(micros) => micros.load(Ordering::SeqCst),
        })
    }

    /// Monotonic time since the clock was made. A fixed clock returns its time since the Unix epoch.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::Machine(machine) | Source::Following(machine, _) => machine.started.elapsed(),
            Source::Fixed(micros) => {
                Duration::from_micros(u64::try_from(micros.load(Ordering::SeqCst)).unwrap_or(0))
            }
        }
    }

    /// Moves a fixed clock; does nothing to others.
    pub fn set(&self, at: Timestamp) {
        if let Source::Fixed(micros) = &self.0 {
            micros.store(at.as_micros(), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_AGO: Timestamp = Timestamp::from_micros(1_000_000_000);

    #[test]
    fn runs_on_from_what_it_was_told() {
        let machine = Clock::wrong_by(3600);
        let (clock, other) = (machine.following(), machine.following());
        let clone = clock.clone();
        assert!(clock.now() >= machine.now().plus_seconds(-1), "nothing was told yet");
        clock.follow(LONG_AGO, clock.elapsed());
        for clock in [&clock, &clone, &clock.following()] {
            assert!((LONG_AGO..LONG_AGO.plus_seconds(60)).contains(&clock.now()), "{}", clock.now());
        }
        assert!(other.now() > LONG_AGO.plus_seconds(60), "another one was told nothing");
        // An answer that arrives late still counts from `elapsed`.
        let before = clock.now();
        clock.follow(LONG_AGO, Duration::ZERO);
        assert!(clock.now() >= before);
    }

    #[test]
    fn the_machines_and_a_fixed_clock_follow_nobody() {
        let fixed = Clock::fixed(LONG_AGO.plus_seconds(1)).following();
        let machine = Clock::system();
        for clock in [&fixed, &machine] {
            assert!(!clock.follows());
            clock.follow(LONG_AGO, clock.elapsed());
            assert!(clock.now() > LONG_AGO);
        }
        fixed.set(LONG_AGO);
        assert_eq!(fixed.now(), LONG_AGO);
    }
}
