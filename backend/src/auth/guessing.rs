//! Slows guessing down. Tries at one account, one session or from one address get through in a burst; after it, the more
//! there were, the longer the next one waits (security.md, Passwords and sign-in). Nobody is ever locked out: what is
//! refused does not count, and a success forgives.
//!
//! Every instance counts for itself (GCRA, by `governor`). Where Redis is there it decides, by the same numbers, so that
//! a guesser gains nothing from going to another instance; when it fails, the instance's own count does.

use super::hash_secret;
use crate::{cache::Cache, clock::Clock, error::Error, ids::SessionId};
use governor::{
    Quota, RateLimiter, clock::Reference as _, middleware::NoOpMiddleware, nanos::Nanos, state::StateStore,
};
use lru::LruCache;
use std::{
    net::{IpAddr, Ipv6Addr},
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// So many tries at once, then one each `period_ms`.
#[derive(Debug, Clone, Copy)]
struct Tier {
    burst: NonZeroU32,
    period_ms: u32,
}

const fn tier(burst: u32, period_ms: u32) -> Tier {
    Tier { burst: NonZeroU32::new(burst).expect("a burst is at least one try"), period_ms }
}

/// For an account: five typing mistakes cost nothing, then the wait grows to the 30 s that security.md allows at most.
const ACCOUNT: [Tier; 3] = [tier(5, 1_000), tier(10, 5_000), tier(20, 30_000)];
/// For an address: a whole crew may sign in behind one.
const ADDRESS: [Tier; 1] = [tier(300, 1_000)];
/// Guessers remembered at a time, some 100 bytes each; the one that was quiet longest makes room.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1 << 16).expect("not zero");

/// Whose tries are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// Everyone who tries this e-mail, known or not; its hash.
    Account([u8; 32]),
    /// A browser that was signed in to the account before, or is: strangers do not slow it down.
    Session(SessionId),
    /// Whoever sends from this address, or from this IPv6 network of 64 bits, which is what one customer gets.
    Address(IpAddr),
}

impl Guesser {
    /// By the e-mail as the account's key has it, or as it was sent where it is none.
    pub fn account(email: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(&hash_secret(email.as_bytes()));
        Self::Account(hash)
    }

    /// By the client's address.
    pub fn address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
            v4 => v4,
        })
    }

    fn tiers(&self) -> &'static [Tier] {
        match self {
            Self::Account(_) | Self::Session(_) => &ACCOUNT,
            Self::Address(_) => &ADDRESS,
        }
    }

    /// The keys of its tiers in Redis. The braces keep them in one slot of a cluster.
    fn keys(&self) -> Vec<String> {
        let name = match self {
            Self::Account(hash) => {
                format!("account:{:x}", u128::from_be_bytes(std::array::from_fn(|i| hash[i])))
            }
            Self::Session(id) => format!("session:{id}"),
            Self::Address(address) => format!("address:{address}"),
        };
        (0..self.tiers().len()).map(|i| format!("guess:{{{name}}}:{i}")).collect()
    }
}

/// What is remembered of guessers here: when the next of their tries would be due.
#[derive(Debug, Clone)]
struct Recent(Arc<Mutex<LruCache<Guesser, Nanos>>>);

impl Recent {
    fn lock(&self) -> std::sync::MutexGuard<'_, LruCache<Guesser, Nanos>> {
        // Each change is one insertion or removal, so a panic elsewhere leaves nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Recent {
    type Key = Guesser;

    fn measure_and_replace<T, F, E>(&self, key: &Guesser, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut recent = self.lock();
        let (outcome, due) = decide(recent.get(key).copied())?;
        recent.put(*key, due);
        Ok(outcome)
    }
}

/// Our clock, as the limiter asks for it.
#[derive(Debug, Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(u64::try_from(self.0.now().as_micros()).unwrap_or(0).saturating_mul(1000))
    }
}

/// One tier of one kind of guesser.
struct Limit {
    limiter: RateLimiter<Guesser, Recent, Ticks, NoOpMiddleware<Nanos>>,
    recent: Recent,
}

impl Limit {
    fn new(tier: &Tier, clock: &Clock) -> Option<Self> {
        let quota = Quota::with_period(Duration::from_millis(tier.period_ms.into()))?.allow_burst(tier.burst);
        let recent = Recent(Arc::new(Mutex::new(LruCache::new(REMEMBERED))));
        Some(Self { limiter: RateLimiter::new(quota, recent.clone(), Ticks(clock.clone())), recent })
    }
}

/// Counts tries. Clones share what is counted.
#[derive(Clone)]
pub struct Guessing {
    accounts: Arc<[Limit]>,
    addresses: Arc<[Limit]>,
    shared: Cache,
    clock: Clock,
}

/// The same rule in Redis: each key holds when its next try is due; a try that one tier refuses counts in none. Times are
/// the caller's, in milliseconds, because a script that asks for the server's could not be tested with a fixed clock.
const SCRIPT: &str = r"
local now, wait = tonumber(ARGV[1]), 0
local due = {}
for i, key in ipairs(KEYS) do
    local burst, period = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    due[i] = math.max(tonumber(redis.call('GET', key) or now), now)
    wait = math.max(wait, due[i] - (burst - 1) * period - now)
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    local period = tonumber(ARGV[2 * i + 1])
    redis.call('SET', key, string.format('%d', due[i] + period), 'PX', due[i] + period - now)
end
return 0";

impl Guessing {
    /// Counts by this clock, shared over this cache.
    pub fn new(clock: Clock, shared: Cache) -> Self {
        let limits = |tiers: &[Tier]| tiers.iter().filter_map(|tier| Limit::new(tier, &clock)).collect();
        Self { accounts: limits(&ACCOUNT), addresses: limits(&ADDRESS), shared, clock }
    }

    /// Counts a try, before anything is done about it.
    ///
    /// # Errors
    /// [`Error::TooManyTries`] with the wait, when it comes too soon.
    pub async fn attempt(&self, guesser: Guesser) -> Result<(), Error> {
        let here = self.wait_here(&guesser);
        let wait = match self.wait_shared(&guesser).await {
            Ok(shared) => shared.unwrap_or(here),
            Err(error) => {
                tracing::warn!(%error, "tries are counted by this instance alone while the cache is out of reach");
                here
            }
        };
        if wait.is_zero() { Ok(()) } else { Err(Error::TooManyTries(whole_seconds(wait))) }
    }

    /// Forgets the tries of whoever has just shown who they are.
    pub async fn forgive(&self, guesser: Guesser) {
        for limit in self.limits(&guesser) {
            limit.recent.lock().pop(&guesser);
        }
        let forgotten = self.shared.run::<()>(redis::cmd("DEL").arg(guesser.keys())).await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "the tries before a sign-in still count until the cache is back");
        }
    }

    fn limits(&self, guesser: &Guesser) -> &[Limit] {
        match guesser {
            Guesser::Account(_) | Guesser::Session(_) => &self.accounts,
            Guesser::Address(_) => &self.addresses,
        }
    }

    fn wait_here(&self, guesser: &Guesser) -> Duration {
        use governor::clock::Clock as _;
        let now = Ticks(self.clock.clone()).now();
        let refused = self.limits(guesser).iter().filter_map(|limit| limit.limiter.check_key(guesser).err());
        let waits = refused.map(|until| until.earliest_possible().duration_since(now).into());
        waits.max().unwrap_or(Duration::ZERO)
    }

    /// None where nothing is shared.
    async fn wait_shared(&self, guesser: &Guesser) -> Result<Option<Duration>, redis::RedisError> {
        let keys = guesser.keys();
        let mut script = redis::cmd("EVAL");
        script.arg(SCRIPT).arg(keys.len()).arg(keys).arg(self.clock.now().as_micros() / 1000);
        for tier in guesser.tiers() {
            script.arg(tier.burst.get()).arg(tier.period_ms);
        }
        let wait: Option<u64> = self.shared.run(&mut script).await?;
        Ok(wait.map(Duration::from_millis))
    }
}

/// Rounded up: who waits as long as told is let in.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
