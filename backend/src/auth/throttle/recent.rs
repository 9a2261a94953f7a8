//! Who tried lately, in this instance. The table is bounded: who tried only once makes room for newcomers, and who tried
//! again only for others who did so, too. A flood of ever new guessers does not make it forget those that it slows.

use super::key::ThrottleKey;
use governor::{nanos::Nanos, state::StateStore};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, UnitWeighter,
    unsync::{Cache, DefaultLifecycle},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Guessers remembered per tier, less than 100 bytes each: who tried once, among the last 32 768.
const REMEMBERED: usize = 1 << 16;

/// When the next try of each guesser is due (GCRA). Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Recent(Arc<Mutex<Cache<ThrottleKey, Nanos>>>);

impl Recent {
    pub(super) fn new() -> Self {
        let mut options = OptionsBuilder::new();
        options.estimated_items_capacity(REMEMBERED).weight_capacity(REMEMBERED as u64);
        // By its defaults all but 3 % are for those who tried again, and the hashes of who was forgotten are kept.
        options.hot_allocation(0.5).ghost_allocation(0.0);
        let options = options.build().expect("both capacities are given");
        let hasher = DefaultHashBuilder::default();
        let table = Cache::with_options(options, UnitWeighter, hasher, DefaultLifecycle::default());
        Self(Arc::new(Mutex::new(table)))
    }

    fn lock(&self) -> MutexGuard<'_, Cache<ThrottleKey, Nanos>> {
        // Each change is one insertion or removal, so the map is consistent even if the lock is poisoned.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Zero for who is not remembered. Asking is no try.
    pub(super) fn due(&self, guesser: &ThrottleKey) -> Nanos {
        self.lock().peek(guesser).copied().unwrap_or_default()
    }

    pub(super) fn forget(&self, guesser: &ThrottleKey) {
        self.lock().remove(guesser);
    }

    /// Makes the next try due earlier by `period`, and forgets whose due time is not after `now`.
    pub(super) fn take_back(&self, guesser: &ThrottleKey, period: Nanos, now: Nanos) {
        let mut recent = self.lock();
        if let Some(mut due) = recent.peek_mut(guesser) {
            *due = due.saturating_sub(period);
        }
        recent.remove_if(guesser, |due| *due <= now);
    }
}

impl StateStore for Recent {
    type Key = ThrottleKey;

    fn measure_and_replace<T, F, E>(&self, key: &ThrottleKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut recent = self.lock();
        let (outcome, due) = decide(recent.get(key).copied())?;
        recent.insert(*key, due);
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guesser(number: usize) -> ThrottleKey {
        let mut subject = [0; 32];
        subject[..8].copy_from_slice(&number.to_be_bytes());
        ThrottleKey::Account(subject, None)
    }

    fn count(recent: &Recent, guesser: &ThrottleKey) {
        let one_more = |due: Option<Nanos>| Ok::<_, ()>(((), due.unwrap_or_default() + Nanos::new(1)));
        recent.measure_and_replace(guesser, one_more).expect("it is never refused");
    }

    fn flood(recent: &Recent, guessers: std::ops::Range<usize>, tries: usize) {
        for number in guessers {
            (0..tries).for_each(|_| count(recent, &guesser(number)));
        }
    }

    #[test]
    fn a_flood_of_newcomers_does_not_make_it_forget_who_tried_again() {
        let (recent, again, once) = (Recent::new(), guesser(0), guesser(1));
        flood(&recent, 10..2 * REMEMBERED, 1);
        flood(&recent, 0..1, 2);
        flood(&recent, 2 * REMEMBERED..6 * REMEMBERED, 1);
        assert_eq!(recent.due(&again).as_u64(), 2);
        // Nor do others who try again, until they are as many as it remembers.
        flood(&recent, 6 * REMEMBERED..7 * REMEMBERED - 1, 2);
        assert_eq!(recent.due(&again).as_u64(), 2);
        // Who tried once is remembered among half as many.
        count(&recent, &once);
        flood(&recent, 7 * REMEMBERED..7 * REMEMBERED + REMEMBERED / 2 - 1, 1);
        assert_eq!(recent.due(&once).as_u64(), 1);
    }

    #[test]
    fn it_is_bounded_whoever_tries() {
        let recent = Recent::new();
        for (round, tries) in [1, 2, 3].into_iter().enumerate() {
            flood(&recent, round * 2 * REMEMBERED..(round + 1) * 2 * REMEMBERED, tries);
            let table = recent.lock();
            assert_eq!(table.len(), REMEMBERED);
            assert!(table.memory_used().total() < 100 * REMEMBERED, "{:?}", table.memory_used());
        }
    }
}
