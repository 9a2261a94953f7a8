//! Slows guessing down. Tries at one account from one network, by one session or from one address get through in a burst;
//! after it, the more there were, the longer the next one waits (security.md, Passwords and sign-in). Strangers
//! elsewhere do not make the owner wait: what is counted for an account as a whole is so wide that it takes a crowd to
//! fill it. What is refused does not count further, and a success forgives.
//!
//! Tries of one guesser are made one after the other, in the order in which they came ([`Guessing::begin`]): each is
//! counted when its turn comes, before a hash is computed, and a success forgives before the next one is counted. So the
//! right password never waits for others that are right, and whoever guesses gets through as often as without a line.
//!
//! Every instance counts for itself (GCRA, by `governor`). Where Redis is there it decides, by the same numbers, so that
//! a guesser gains nothing from going to another instance; when it fails, the instance's own count does.

use super::hash_secret;
use crate::{cache::Cache, clock::Clock, error::Error, http::RequestInfo, ids::SessionId, text::EmailKey};
use governor::{
    Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, nanos::Nanos, state::StateStore,
};
use lru::LruCache;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many tries at once, then one each `period_ms`.
#[derive(Debug, Clone, Copy)]
struct Tier {
    burst: NonZeroU32,
    period_ms: u32,
}

const fn tier(burst: u32, period_ms: u32) -> Tier {
    Tier { burst: NonZeroU32::new(burst).expect("a burst is at least one try"), period_ms }
}

/// Five typing mistakes cost nothing, then the wait grows to the 30 s that security.md allows at most.
const GROWING: [Tier; 3] = [tier(5, 1_000), tier(10, 5_000), tier(20, 30_000)];
/// For an account as a whole: a single network never gets here, a crowd is held to a guess in five seconds.
const CROWD: [Tier; 2] = [tier(100, 1_000), tier(1000, 5_000)];
/// For an address: a whole crew may sign in behind one.
const CREW: [Tier; 1] = [tier(300, 1_000)];
/// Links to set a password anew: five at once, then one in ten minutes.
const LINKS: [Tier; 1] = [tier(5, 600_000)];
/// Guessers of a kind that are remembered at a time, some 100 bytes each; the one that was quiet longest makes room.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(1 << 15).expect("not zero");

/// An e-mail, known or not, by its hash.
type Subject = [u8; 32];

/// Whose tries are counted together. An address stands for its IPv6 network of 64 bits, which is what one customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// Whoever sends from this address.
    Address(IpAddr),
    /// Whoever tries this e-mail from this address.
    Account(Subject, Option<IpAddr>),
    /// Everyone who tries this e-mail.
    Crowd(Subject),
    /// A browser that was signed in to the account before, or is.
    Session(SessionId),
    /// Whoever asks for links from this address.
    LinksFrom(IpAddr),
    /// Links for this e-mail.
    Links(Subject),
}

/// By [`Guesser::kind`].
const TIERS: [&[Tier]; 6] = [&CREW, &GROWING, &CROWD, &GROWING, &CREW, &LINKS];

/// Who tries an e-mail from an address.
pub fn at_account(email: &EmailKey, client: Option<IpAddr>) -> [Guesser; 2] {
    let subject = subject(email);
    [Guesser::Account(subject, client.map(network)), Guesser::Crowd(subject)]
}

/// Who asks for a link to an e-mail.
pub fn for_link(email: &EmailKey) -> Guesser {
    Guesser::Links(subject(email))
}

fn subject(email: &EmailKey) -> Subject {
    let mut hash = Subject::default();
    hash.copy_from_slice(&hash_secret(email.as_str().as_bytes()));
    hash
}

/// What is counted as one address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 => v4,
    }
}

impl Guesser {
    fn kind(&self) -> usize {
        match self {
            Self::Address(_) => 0,
            Self::Account(..) => 1,
            Self::Crowd(_) => 2,
            Self::Session(_) => 3,
            Self::LinksFrom(_) => 4,
            Self::Links(_) => 5,
        }
    }

    fn tiers(&self) -> &'static [Tier] {
        TIERS[self.kind()]
    }

    /// The keys of its tiers in Redis. The braces keep them in one slot of a cluster.
    fn keys(&self) -> Vec<String> {
        let short = |subject: &Subject| u128::from_be_bytes(std::array::from_fn(|i| subject[i]));
        let name = match self {
            Self::Account(subject, Some(address)) => format!("{:x}:{address}", short(subject)),
            Self::Account(subject, None) | Self::Crowd(subject) | Self::Links(subject) => {
                format!("{:x}", short(subject))
            }
            Self::Session(id) => id.to_string(),
            Self::Address(address) | Self::LinksFrom(address) => address.to_string(),
        };
        (0..self.tiers().len()).map(|i| format!("guess:{{{}:{name}}}:{i}", self.kind())).collect()
    }
}

/// What is remembered of guessers here: when the next of their tries would be due.
#[derive(Debug, Clone)]
struct Recent(Arc<Mutex<LruCache<Guesser, Nanos>>>);

impl Recent {
    fn lock(&self) -> MutexGuard<'_, LruCache<Guesser, Nanos>> {
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
        Nanos::from(self.0.elapsed())
    }
}

/// One tier of one kind of guesser.
struct Limit {
    limiter: RateLimiter<Guesser, Recent, Ticks, NoOpMiddleware<Nanos>>,
    recent: Recent,
    /// When the limiter began; what it remembers is counted from here.
    start: Nanos,
    /// How far ahead of now a next try may be due.
    tolerance: Nanos,
}

impl Limit {
    fn new(tier: &Tier, clock: &Clock) -> Option<Self> {
        let period = Duration::from_millis(tier.period_ms.into());
        let recent = Recent(Arc::new(Mutex::new(LruCache::new(REMEMBERED))));
        let ticks = Ticks(clock.clone());
        Some(Self {
            start: ticks.now(),
            tolerance: (period * (tier.burst.get() - 1)).into(),
            limiter: RateLimiter::new(
                Quota::with_period(period)?.allow_burst(tier.burst),
                recent.clone(),
                ticks,
            ),
            recent,
        })
    }

    /// Until a try would get through, if nobody else tried meanwhile.
    fn wait(&self, guesser: &Guesser, now: Nanos) -> Duration {
        let due = self.recent.lock().peek(guesser).copied().unwrap_or_default();
        (self.start + due).saturating_sub(self.tolerance).saturating_sub(now).into()
    }
}

/// Tries of one guesser that are made or wait at a time. A crew's tablets, not a flood: what comes beyond is refused.
const LINE: usize = 32;
/// How long a try waits in line; a request has more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Those whose tries are made or wait.
#[derive(Clone)]
struct Lines {
    lines: Arc<Mutex<HashMap<Guesser, Line>>>,
    patience: Duration,
}

struct Line {
    turn: Arc<Semaphore>,
    length: usize,
}

/// A place in a line, given up when it is dropped.
struct Place {
    lines: Lines,
    guesser: Guesser,
    _turn: Option<OwnedSemaphorePermit>,
}

impl Lines {
    fn new(patience: Duration) -> Self {
        Self { lines: Arc::default(), patience }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Guesser, Line>> {
        // Each change is one number, so a panic elsewhere leaves nothing half-done.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The turn of one more try; none when the line is too long, or does not move.
    async fn turn(&self, guesser: Guesser) -> Option<Place> {
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
        // From here on it counts, also when its client hangs up.
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

/// A try at a password whose turn it is, and which was counted. The next one of its guesser begins when it is dropped.
#[must_use = "the next try of the same guesser waits until this one is dropped"]
pub struct Try {
    guessing: Guessing,
    guessers: Vec<Guesser>,
    _place: Option<Place>,
}

impl Try {
    /// It was right: forgets the tries of whoever has just shown who they are.
    pub async fn succeeded(self) {
        self.guessing.forgive(&self.guessers).await;
    }
}

/// Whether a try counts, or is only asked about.
#[derive(Debug, Clone, Copy)]
enum Counted {
    Yes,
    No,
}

/// Counts tries. Clones share what is counted.
#[derive(Clone)]
pub struct Guessing {
    /// By [`Guesser::kind`].
    limits: Arc<[Vec<Limit>]>,
    lines: Lines,
    shared: Cache,
    clock: Clock,
}

/// The same rule in Redis: each key holds when its next try is due. Times are the caller's, in milliseconds, and each caller
/// follows the clock of the database that they share (`db::time`), so that a fixed clock can be tested.
const SCRIPT: &str = r"
local now, wait = tonumber(ARGV[1]), 0
local due = {}
for i, key in ipairs(KEYS) do
    local burst, period = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    due[i] = math.max(tonumber(redis.call('GET', key) or now), now)
    due[i] = math.min(due[i], now + burst * period)
    wait = math.max(wait, due[i] - (burst - 1) * period - now)
end
if wait > 0 or ARGV[#ARGV] == 'look' then return wait end
for i, key in ipairs(KEYS) do
    local period = tonumber(ARGV[2 * i + 1])
    redis.call('SET', key, string.format('%d', due[i] + period), 'PX', due[i] + period - now)
end
return 0";

impl Guessing {
    /// Counts by this clock, shared over this cache.
    pub fn new(clock: Clock, shared: Cache) -> Self {
        let limits =
            TIERS.iter().map(|tiers| tiers.iter().filter_map(|tier| Limit::new(tier, &clock)).collect());
        Self { limits: limits.collect(), lines: Lines::new(PATIENCE), shared, clock }
    }

    /// Begins a try at a password when its turn comes: behind those of the first guesser that are made already. A request
    /// that is run again was counted before.
    ///
    /// # Errors
    /// [`Error::TooManyTries`] with the wait, when it comes too soon; 1 s when too many stand in line.
    pub async fn begin(&self, guessers: Vec<Guesser>, request: &RequestInfo) -> Result<Try, Error> {
        let place = match guessers.first() {
            Some(first) => Some(self.lines.turn(*first).await.ok_or(Error::TooManyTries(1))?),
            None => None,
        };
        if request.counts_as_a_try() {
            self.attempt(&guessers).await?;
        }
        Ok(Try { guessing: self.clone(), guessers, _place: place })
    }

    /// Counts a try of all these guessers, before anything is done about it, or of none when one of them must wait: a try that
    /// is refused because of a crowd is none of its network.
    ///
    /// # Errors
    /// [`Error::TooManyTries`] with the wait, when it comes too soon.
    pub async fn attempt(&self, guessers: &[Guesser]) -> Result<(), Error> {
        // The first one is counted next, and sees for itself.
        let looks = guessers.iter().skip(1).map(|guesser| (guesser, Counted::No));
        for (guesser, counted) in looks.chain(guessers.iter().map(|guesser| (guesser, Counted::Yes))) {
            let here = self.wait_here(guesser, counted);
            let wait = self.wait_shared(guesser, counted).await.unwrap_or(here);
            if !wait.is_zero() {
                return Err(Error::TooManyTries(whole_seconds(wait)));
            }
        }
        Ok(())
    }

    /// Counts a try of the address that a request comes from, where that is known.
    ///
    /// # Errors
    /// As [`Guessing::attempt`].
    pub async fn attempt_from(
        &self,
        client: Option<IpAddr>,
        kind: impl FnOnce(IpAddr) -> Guesser,
    ) -> Result<(), Error> {
        match client {
            Some(client) => self.attempt(&[kind(network(client))]).await,
            None => Ok(()),
        }
    }

    /// Forgets the tries of whoever has just shown who they are.
    pub async fn forgive(&self, guessers: &[Guesser]) {
        for guesser in guessers {
            for limit in self.limits(guesser) {
                limit.recent.lock().pop(guesser);
            }
            // Out of reach, the cache says so itself; the tries then count until their time is over.
            let _ = self.shared.run::<()>(redis::cmd("DEL").arg(guesser.keys())).await;
        }
    }

    fn limits(&self, guesser: &Guesser) -> &[Limit] {
        &self.limits[guesser.kind()]
    }

    /// The shortest period first: what one tier refuses, those above never count. The wait is that of the one that takes
    /// longest.
    fn wait_here(&self, guesser: &Guesser, counted: Counted) -> Duration {
        let limits = self.limits(guesser);
        let now = Ticks(self.clock.clone()).now();
        let longest = |least| limits.iter().map(|limit| limit.wait(guesser, now)).fold(least, Duration::max);
        match counted {
            Counted::No => longest(Duration::ZERO),
            Counted::Yes if limits.iter().all(|limit| limit.limiter.check_key(guesser).is_ok()) => {
                Duration::ZERO
            }
            // What was refused waits, if only for an instant.
            Counted::Yes => longest(Duration::from_millis(1)),
        }
    }

    /// None where nothing is shared, or out of reach.
    async fn wait_shared(&self, guesser: &Guesser, counted: Counted) -> Option<Duration> {
        let keys = guesser.keys();
        let mut script = redis::cmd("EVAL");
        script.arg(SCRIPT).arg(keys.len()).arg(keys).arg(self.clock.now().as_micros() / 1000);
        for tier in guesser.tiers() {
            script.arg(tier.burst.get()).arg(tier.period_ms);
        }
        script.arg(match counted {
            Counted::Yes => "count",
            Counted::No => "look",
        });
        self.shared.run(&script).await.ok().flatten().map(Duration::from_millis)
    }
}

/// Rounded up: who waits as long as told is let in.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Timestamp;

    const GUESSER: Guesser = Guesser::Crowd([7; 32]);

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
        assert!(lines.turn(Guesser::Crowd([8; 32])).await.is_some(), "another's is not");
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

    /// The next one is counted after the one before was forgiven or not, never in between.
    #[tokio::test]
    async fn tries_of_one_guesser_are_counted_one_after_the_other() {
        let guessing = Guessing::new(Clock::fixed(Timestamp::from_micros(0)), Cache::InProcess);
        let begin = async || guessing.begin(vec![GROWN], &RequestInfo::default()).await;
        const GROWN: Guesser = Guesser::Account([7; 32], None);
        for _ in 0..20 {
            let one = begin().await.expect("the one before was right");
            let mut next = std::pin::pin!(begin());
            let waited = tokio::time::timeout(Duration::ZERO, &mut next).await;
            assert!(waited.is_err(), "it waits for the one before");
            one.succeeded().await;
            next.await.expect("its turn").succeeded().await;
        }
        for _ in 0..5 {
            drop(begin().await.expect("a mistake that is free"));
        }
        assert!(matches!(begin().await, Err(Error::TooManyTries(1))));
    }

    /// Those of the crowd cost the owner the crowd's wait, not one of their own besides.
    #[tokio::test]
    async fn a_try_that_the_crowd_keeps_out_is_none_of_its_network() {
        let guessing = Guessing::new(Clock::fixed(Timestamp::from_micros(0)), Cache::InProcess);
        let (crowd, owner) = (Guesser::Crowd([7; 32]), Guesser::Account([7; 32], None));
        while guessing.attempt(&[crowd]).await.is_ok() {}
        for _ in 0..20 {
            assert!(matches!(guessing.attempt(&[owner, crowd]).await, Err(Error::TooManyTries(1))));
        }
        guessing.forgive(&[crowd]).await;
        for _ in 0..5 {
            assert!(guessing.attempt(&[owner, crowd]).await.is_ok(), "a mistake that is free");
        }
        assert!(guessing.attempt(&[owner, crowd]).await.is_err());
        // Nor does what its own network keeps out count for the crowd.
        for _ in 5..100 {
            assert!(guessing.attempt(&[crowd]).await.is_ok());
        }
        assert!(guessing.attempt(&[crowd]).await.is_err());
    }
}
