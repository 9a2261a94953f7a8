//! Lists as they are sent, kept under the version of what they show (`db::Versions`): in the process first, then in Redis,
//! which instances share. What is kept under a version never changes, so nothing has to be invalidated: after a write
//! everyone asks for another version, and what a slow reader keeps late is never asked for.

use super::{Cache, shares::Shares};
use crate::{clock::Clock, db::List, error::Error, http::Listing, ids::OrgId};
use quick_cache::Weighter;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio_util::task::TaskTracker;

/// What one process keeps at most, in bytes: some hundred lists of a hundred rows.
const MEMORY: u64 = 24 * 1024 * 1024;
/// About what Redis needs for an entry besides its name and its value, in bytes; the value's link is counted here, too.
const OVERHEAD: usize = 256;
const RELEASE: &str = env!("CARGO_PKG_VERSION");
/// How many lists that is about; decides how large the tables begin.
const EXPECTED: usize = 500;

/// Which list of which org, in which version, as whose answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// First, so that nothing of one org can be another's.
    pub org: OrgId,
    pub list: List,
    /// Read before the rows are.
    pub version: i64,
    /// The query as it was sent; it was read before, so it is a good one.
    pub query: String,
}

impl Key {
    /// Its name in Redis. A query may be long, so it is hashed; another release may have another idea of the answer.
    fn name(&self) -> String {
        let query = Sha256::digest(&self.query);
        let query = query.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("{}:{}:{}:{RELEASE}:{query}", self.org, self.list, self.version)
    }
}

crate::words::words! {
    /// Where an answer came from, as `X-Cache` says it.
    pub enum Found {
        /// It was kept.
        Hit = "HIT",
        /// It was made.
        Miss = "MISS",
        /// It was made, and the cache could not be asked.
        Bypass = "BYPASS",
    }
}

/// What was asked for once has half of the memory, in two parts: each holds a list of 4 MB. With the library's own figures
/// (3 %, parts by the number of cores) one of 100 kB would go again at once where other lists are about.
fn options() -> quick_cache::Options {
    let mut options = quick_cache::OptionsBuilder::new();
    options.estimated_items_capacity(EXPECTED).weight_capacity(MEMORY).shards(2).hot_allocation(0.5);
    options.build().expect("both capacities are given")
}

#[derive(Clone)]
struct Kept {
    listing: Listing,
    /// On the clock that never goes back.
    since: Duration,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Kept> for Weight {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        kept.listing.weight() + u64::try_from(key.query.len()).unwrap_or(0)
    }
}

/// The cached lists. Clones share them.
#[derive(Clone)]
pub struct Lists {
    local: Arc<quick_cache::sync::Cache<Key, Kept, Weight>>,
    shared: Cache,
    shares: Arc<Shares>,
    ttl: Duration,
    clock: Clock,
    tasks: TaskTracker,
}

impl Lists {
    /// `ttl` is how long a list is kept; `tasks` finish what is stored behind answers.
    pub fn new(shared: Cache, ttl: Duration, clock: Clock, tasks: TaskTracker) -> Self {
        let local = quick_cache::sync::Cache::with_options(
            options(),
            Weight,
            quick_cache::DefaultHashBuilder::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self { local: Arc::new(local), shared, shares: Arc::new(Shares::over(ttl)), ttl, clock, tasks }
    }

    /// The list, if this process keeps it: without waiting for anything.
    pub fn kept_here(&self, key: &Key) -> Option<Listing> {
        let kept = self.local.get(key)?;
        if self.clock.elapsed().saturating_sub(kept.since) < self.ttl {
            return Some(kept.listing);
        }
        self.local.remove_if(key, |old| old.since == kept.since);
        None
    }

    /// The list that is kept, or `build` makes it: once, however many ask for it at the same time in this process.
    ///
    /// # Errors
    /// What `build` says; a cache that fails is no error.
    pub async fn find(
        &self,
        key: Key,
        build: impl AsyncFnOnce() -> Result<Listing, Error>,
    ) -> Result<(Listing, Found), Error> {
        if let Some(listing) = self.kept_here(&key) {
            return Ok((listing, Found::Hit));
        }
        let place = match self.local.get_value_or_guard_async(&key).await {
            Ok(kept) => return Ok((kept.listing, Found::Hit)),
            Err(place) => place,
        };
        let (listing, found) = match self.ask(&key).await {
            Ok(Some(listing)) => (listing, Found::Hit),
            Ok(None) => (build().await?, Found::Miss),
            Err(_) => (build().await?, Found::Bypass),
        };
        // Refused only if it was too large to be kept, or had to go again at once.
        let _ = place.insert(Kept { listing: listing.clone(), since: self.clock.elapsed() });
        if found == Found::Miss {
            self.share(&key, &listing);
        }
        Ok((listing, found))
    }

    async fn ask(&self, key: &Key) -> Result<Option<Listing>, redis::RedisError> {
        let kept = self.shared.run::<Option<Vec<u8>>>(redis::cmd("GET").arg(key.name())).await?;
        Ok(kept.flatten().and_then(Listing::from_stored))
    }

    /// Behind the answer: nobody waits for it.
    fn share(&self, key: &Key, listing: &Listing) {
        if let Cache::InProcess = self.shared {
            return;
        }
        let (shared, ttl) = (self.shared.clone(), self.ttl.as_secs());
        let name = key.name();
        if !self.shares.has_room(key.org, name.len() + listing.size() + OVERHEAD, self.clock.elapsed()) {
            return;
        }
        let stored = listing.to_stored();
        self.tasks.spawn(async move {
            let mut set = redis::cmd("SET");
            set.arg(name).arg(stored).arg("EX").arg(ttl);
            // A server that does not answer was logged where that was noticed.
            let _ = shared.run::<()>(&set).await;
        });
    }
}
