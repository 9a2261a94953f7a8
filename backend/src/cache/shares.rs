//! How much of Redis each org may fill. Its memory holds everyone's lists, and the counts of guesses.

use crate::ids::OrgId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Bytes of lists that an instance stores for one org in the time that a list is kept: some hundred of a hundred rows. Twice
/// as much is there at most, when a time has just ended.
const SHARE: usize = 16 * 1024 * 1024;

/// What each org stored since a time of this length began.
pub(super) struct Shares {
    length: Duration,
    current: Mutex<Time>,
}

#[derive(Default)]
struct Time {
    began: Duration,
    bytes: HashMap<OrgId, usize>,
}

impl Shares {
    pub(super) fn over(length: Duration) -> Self {
        Self { length, current: Mutex::default() }
    }

    /// Whether the org may store so many bytes, which count if it may. `now` is on the clock that never goes back.
    pub(super) fn has_room(&self, org: OrgId, bytes: usize, now: Duration) -> bool {
        // Each change is one number, so a panic elsewhere leaves nothing half-done.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(current.began) >= self.length {
            *current = Time { began: now, bytes: HashMap::new() };
        }
        let stored = current.bytes.entry(org).or_default();
        let has_room = *stored + bytes <= SHARE;
        if has_room {
            *stored += bytes;
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_org_that_used_its_share_up_waits_for_the_next_time_and_others_do_not() {
        let [one, other] = [1, 2].map(|n| OrgId(Uuid::from_u128(n)));
        let second = Duration::from_secs(1);
        let shares = Shares::over(60 * second);
        assert!(shares.has_room(one, SHARE - 10, 100 * second));
        assert!(!shares.has_room(one, 11, 159 * second), "what is refused does not count");
        assert!(shares.has_room(one, 10, 159 * second));
        assert!(!shares.has_room(one, 1, 159 * second));
        assert!(shares.has_room(other, SHARE, 159 * second));
        assert!(shares.has_room(one, SHARE, 160 * second));
        assert!(!shares.has_room(one, SHARE + 1, 500 * second));
    }
}
