//! Queues in which the tries of one guesser run one at a time.

use super::key::ThrottleKey;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Tries of one guesser that run or wait: enough for a crew's tablets, more are refused.
const LINE: usize = 32;
/// Timeout in the queue, shorter than a request's.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The queues of the guessers whose tries run or wait.
#[derive(Clone)]
pub(super) struct Lines {
    lines: Arc<Mutex<HashMap<ThrottleKey, Line>>>,
    patience: Duration,
}

struct Line {
    turn: Arc<Semaphore>,
    length: usize,
}

/// A place in a queue, given up when dropped.
pub(super) struct Place {
    lines: Lines,
    guesser: ThrottleKey,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Lines {
    pub(super) fn new(patience: Duration) -> Self {
        Self { lines: Arc::default(), patience }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThrottleKey, Line>> {
        // Each change is one number, so the map is consistent even if the lock is poisoned.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of one more try; `None` when the queue is full or the wait times out.
    pub(super) async fn turn(&self, guesser: ThrottleKey) -> Option<Place> {
        let turn = {
            let mut lines = self.lock();
            let line =
                lines.entry(guesser).or_insert_with(|| Line { turn: Arc::new(Semaphore::new(1)), length: 0 });
            if line.length == LINE {
                return None;
            }
            line.length += 1;
            Arc::clone(&line.turn)
        };
        // From here on, its `Drop` gives the place back, also when this future is cancelled.
        let mut place = Place { lines: self.clone(), guesser, _turn: None };
        let turn = tokio::time::timeout(self.patience, turn.acquire_owned()).await;
        place._turn = Some(turn.ok()?.ok()?);
        Some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.lines.lock();
        if let Some(line) = lines.get_mut(&self.guesser) {
            line.length -= 1;
            if line.length == 0 {
                lines.remove(&self.guesser);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUESSER: ThrottleKey = ThrottleKey::Crowd([7; 32]);

    #[tokio::test]
    async fn a_line_is_bounded_in_length_and_in_time() {
        let lines = Lines::new(Duration::from_secs(600));
        let first = lines.turn(GUESSER).await.expect("nobody is before it");
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 1..LINE {
            let lines = lines.clone();
            waiting.spawn(async move { lines.turn(GUESSER).await.is_some() });
        }
        while lines.lock()[&GUESSER].length < LINE {
            tokio::task::yield_now().await;
        }
        assert!(lines.turn(GUESSER).await.is_none(), "it is full");
        assert!(lines.turn(ThrottleKey::Crowd([8; 32])).await.is_some(), "another's is not");
        drop(first);
        while let Some(served) = waiting.join_next().await {
            assert!(served.expect("no panic"));
        }
        assert!(lines.lock().is_empty(), "nothing is left of it");

        let lines = Lines::new(Duration::ZERO);
        let first = lines.turn(GUESSER).await.expect("nobody is before it");
        assert!(lines.turn(GUESSER).await.is_none(), "it does not move");
        drop(first);
        assert!(lines.lock().is_empty(), "who gave up left it");
    }
}
