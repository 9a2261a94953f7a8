//! How much of Redis each org may fill: its memory also holds the other orgs' lists and the counts of guesses.

use crate::ids::OrgId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Bytes of lists that an instance stores for one org per time to live: some hundreds of lists of a hundred rows. At most
/// twice as much is there, when a window has just ended.
const SHARE: usize = 16 * 1024 * 1024;

/// Bytes that each org stored in the current window of this length.
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

    /// Whether the org may store these bytes, which count if it may. `now` is on the monotonic clock.
    pub(super) fn has_room(&self, org: OrgId, bytes: usize, now: Duration) -> bool {
        // Each change is one number, so a panic cannot leave it half-changed.
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
