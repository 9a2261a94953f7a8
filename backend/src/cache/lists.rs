//! Serialised lists, cached under the version of what they show (`db::Versions`): in the process first, then in Redis,
//! which instances share. What is cached under a version never changes, so nothing is invalidated: after a write every
//! request asks for another version, and what a slow reader stores late is never asked for.

use super::{Cache, shares::Shares};
use crate::{clock::Clock, db::List, error::Error, http::Listing, ids::OrgId};
use quick_cache::Weighter;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio_util::task::TaskTracker;

/// Bytes that one process caches: some hundreds of lists of a hundred rows.
const MEMORY: u64 = 24 * 1024 * 1024;
/// About what Redis needs for an entry besides its key and value, in bytes; the value's link is counted here, too.
const OVERHEAD: usize = 256;
const RELEASE: &str = env!("CARGO_PKG_VERSION");
/// About how many lists fit; the initial capacity of the hash tables.
const EXPECTED: usize = 500;

/// The cache key: an org's list in one version, for one query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Keeps orgs apart.
    pub org: OrgId,
    pub list: List,
    /// Read before the rows are, so that it is never newer than they.
    pub version: i64,
    /// The query string as it was sent; it has been validated before.
    pub query: String,
}

impl Key {
    /// The key in Redis. A query may be long, so it is hashed; another release may serialise in another way.
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

/// Entries that were requested only once have half of the memory, in two shards: each holds a list of 4 MB. With
/// quick_cache's defaults (3 %, shards by the number of cores) one of 100 kB would be evicted at once beside others.
fn options() -> quick_cache::Options {
    let mut options = quick_cache::OptionsBuilder::new();
    options.estimated_items_capacity(EXPECTED).weight_capacity(MEMORY).shards(2).hot_allocation(0.5);
    options.build().expect("both capacities are given")
}

#[derive(Clone)]
struct Kept {
    listing: Listing,
    /// On the monotonic clock.
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
    /// `ttl` is how long a list is cached; `tasks` runs the writes to Redis, which responses do not wait for.
    pub fn new(shared: Cache, ttl: Duration, clock: Clock, tasks: TaskTracker) -> Self {
        let local = quick_cache::sync::Cache::with_options(
            options(),
            Weight,
            quick_cache::DefaultHashBuilder::default(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self { local: Arc::new(local), shared, shares: Arc::new(Shares::over(ttl)), ttl, clock, tasks }
    }

    /// The list, if it is cached in this process; never waits.
    pub fn kept_here(&self, key: &Key) -> Option<Listing> {
        let kept = self.local.get(key)?;
        if self.clock.elapsed().saturating_sub(kept.since) < self.ttl {
            return Some(kept.listing);
        }
        self.local.remove_if(key, |old| old.since == kept.since);
        None
    }

    /// The cached list, or what `build` makes: once, however many requests of this process ask at the same time.
    ///
    /// # Errors
    /// Those of `build`; a cache that fails is no error.
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
        // Refused only if it was too large, or was evicted at once.
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

    /// Writes to Redis in the background.
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
            // An unreachable server was logged where that was noticed.
            let _ = shared.run::<()>(&set).await;
        });
    }
}
