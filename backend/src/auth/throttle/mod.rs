//! Throttles password guessing. Tries at one account from one network, by one session or from one address get through in a
//! burst; after it, they have to wait, at one account the longer the more there were (security.md, Passwords and sign-in).
//! Strangers on other networks do not make the owner wait: the limit for an account as a whole is so wide that only a crowd
//! reaches it, and beside a crowd each network still has three tries an hour. A refused try is not counted. A success clears
//! the count of its own client; from the counts it shares with others it takes only itself back.
//!
//! Tries of one guesser run one after the other, in order of arrival ([`Guessing::begin`]): each is counted when its turn
//! comes, before the hash is computed, and a success clears the count before the next one is counted. So right passwords never
//! wait because of each other, and an attacker gets no more tries than without a queue.
//!
//! Every instance counts for itself (GCRA, by `governor`). With Redis, the shared count decides, by the same numbers, so that
//! changing the instance gains nothing; when Redis fails, the instance's own count decides.

mod key;
mod line;
mod recent;

pub use key::{ThrottleKey, ThrottleKeys, for_link};

use crate::{auth::TooManyTries, cache::Cache, clock::Clock, error::Error, http::RequestInfo};
use governor::{Quota, RateLimiter, clock::Clock as _, middleware::NoOpMiddleware, nanos::Nanos};
use key::{TIERS, Tier, network};
use line::{Lines, PATIENCE, Place};
use recent::Recent;
use std::{net::IpAddr, sync::Arc, time::Duration};

/// Adapts our clock to `governor`.
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
    limiter: RateLimiter<ThrottleKey, Recent, Ticks, NoOpMiddleware<Nanos>>,
    recent: Recent,
    /// When the limiter was created; due times count from here.
    start: Nanos,
    period: Nanos,
    /// How far in the future a due time may be for a try to pass.
    tolerance: Nanos,
}

impl Limit {
    fn new(tier: &Tier, clock: &Clock) -> Option<Self> {
        let period = Duration::from_millis(tier.period_ms.into());
        let recent = Recent::new();
        let ticks = Ticks(clock.clone());
        Some(Self {
            start: ticks.now(),
            period: period.into(),
            tolerance: (period * (tier.burst.get() - 1)).into(),
            limiter: RateLimiter::new(
                Quota::with_period(period)?.allow_burst(tier.burst),
                recent.clone(),
                ticks,
            ),
            recent,
        })
    }

    /// How long until a try would get through, if no other is made meanwhile.
    fn wait(&self, guesser: &ThrottleKey, now: Nanos) -> Duration {
        (self.start + self.recent.due(guesser)).saturating_sub(self.tolerance).saturating_sub(now).into()
    }

    /// Uncounts one try.
    fn take_back(&self, guesser: &ThrottleKey, now: Nanos) {
        self.recent.take_back(guesser, self.period, now.saturating_sub(self.start));
    }
}

/// A counted try at a password whose turn has come. The next one of its guesser begins when it is dropped.
#[must_use = "the next try of the same guesser waits until this one is dropped"]
pub struct Try {
    throttle: Throttle,
    own: ThrottleKey,
    /// The shared counts that include this try.
    others: Vec<ThrottleKey>,
    _place: Place,
}

impl Try {
    /// The password was right: clears the count of the guesser itself, and takes this try back from the shared ones, except
    /// when the request is run again.
    pub async fn succeeded(self) {
        self.throttle.forgive(&[self.own]).await;
        for guesser in &self.others {
            self.throttle.take_back(guesser).await;
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Counted {
    /// Count the try, if it may be made.
    Yes,
    /// Only ask how long it would have to wait.
    No,
    /// Uncount it.
    Back,
}

/// Clones share the counts.
#[derive(Clone)]
pub struct Throttle {
    limits: Arc<[Vec<Limit>]>,
    lines: Lines,
    shared: Cache,
    clock: Clock,
}

/// The same rule in Redis: each key holds when its next try is due. Times are passed in, in milliseconds, so that a fixed clock
/// can be tested; each instance follows the clock of the shared database (`db::time`).
const SCRIPT: &str = r"
local now, wait = tonumber(ARGV[1]), 0
local due, what = {}, ARGV[#ARGV]
for i, key in ipairs(KEYS) do
    local burst, period = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    due[i] = math.max(tonumber(redis.call('GET', key) or now), now)
    due[i] = math.min(due[i], now + burst * period)
    wait = math.max(wait, due[i] - (burst - 1) * period - now)
end
if what == 'look' or what == 'count' and wait > 0 then return wait end
for i, key in ipairs(KEYS) do
    local period = tonumber(ARGV[2 * i + 1])
    local next = due[i] + (what == 'back' and -period or period)
    if next > now then
        redis.call('SET', key, string.format('%d', next), 'PX', next - now)
    else
        redis.call('DEL', key)
    end
end
return 0";

impl Throttle {
    /// `shared` has the counts of all instances where it is Redis.
    pub fn new(clock: Clock, shared: Cache) -> Self {
        let limits =
            TIERS.iter().map(|tiers| tiers.iter().filter_map(|tier| Limit::new(tier, &clock)).collect());
        Self { limits: limits.collect(), lines: Lines::new(PATIENCE), shared, clock }
    }

    /// Waits until earlier tries of the same guesser are done, then counts this one. A request that is run again was counted
    /// before.
    ///
    /// # Errors
    /// [`TooManyTries`] with the wait, when it comes too soon; with 1 s when the queue is full or its turn times out.
    pub async fn begin(&self, guessers: ThrottleKeys, request: &RequestInfo) -> Result<Try, Error> {
        let ThrottleKeys { own, crowd, newcomers } = guessers;
        let place = self.lines.turn(own).await.ok_or(TooManyTries { seconds: 1 })?;
        if !request.counts_as_a_try() {
            return Ok(Try { throttle: self.clone(), own, others: Vec::new(), _place: place });
        }
        let full = match crowd {
            Some(crowd) => self.wait(&crowd, Counted::No).await,
            None => Duration::ZERO,
        };
        let others = if full.is_zero() { Vec::from_iter(crowd) } else { newcomers };
        let counted = self.attempt(&[&[own], others.as_slice()].concat()).await;
        // Newcomers wait for up to 20 minutes; the crowd's limit may have room before.
        counted.map_err(|refused| match full.is_zero() {
            true => refused,
            false => TooManyTries { seconds: whole_seconds(full) }.into(),
        })?;
        Ok(Try { throttle: self.clone(), own, others, _place: place })
    }

    /// Counts a try for each of these guessers before it is made. All are checked before any is counted: a try that the crowd's
    /// limit refuses is not counted for its network.
    ///
    /// # Errors
    /// [`TooManyTries`] with the wait, when it comes too soon.
    pub async fn attempt(&self, guessers: &[ThrottleKey]) -> Result<(), Error> {
        // The first needs no check, because it is counted first.
        let looks = guessers.iter().skip(1).map(|guesser| (guesser, Counted::No));
        for (guesser, counted) in looks.chain(guessers.iter().map(|guesser| (guesser, Counted::Yes))) {
            let wait = self.wait(guesser, counted).await;
            if !wait.is_zero() {
                return Err(TooManyTries { seconds: whole_seconds(wait) }.into());
            }
        }
        Ok(())
    }

    /// Counts a try for the address of the client, if it is known.
    ///
    /// # Errors
    /// As [`Throttle::attempt`].
    pub async fn attempt_from(
        &self,
        client: Option<IpAddr>,
        kind: impl FnOnce(IpAddr) -> ThrottleKey,
    ) -> Result<(), Error> {
        match client {
            Some(client) => self.attempt(&[kind(network(client))]).await,
            None => Ok(()),
        }
    }

    /// Clears the counts of an account, of this network and shared: the password that was guessed at has been replaced.
    pub async fn forgive_all(&self, guessers: &ThrottleKeys) {
        let ThrottleKeys { own, crowd, newcomers } = guessers;
        self.forgive(&Vec::from_iter([own].into_iter().chain(crowd).chain(newcomers).copied())).await;
    }

    /// Clears their counts, also in Redis.
    async fn forgive(&self, guessers: &[ThrottleKey]) {
        for guesser in guessers {
            for limit in self.limits(guesser) {
                limit.recent.forget(guesser);
            }
            // The cache logs its own failure; the counts then expire by themselves.
            let _ = self.shared.run::<()>(redis::cmd("DEL").arg(guesser.keys())).await;
        }
    }

    /// Uncounts one try, also in Redis.
    async fn take_back(&self, guesser: &ThrottleKey) {
        let now = Ticks(self.clock.clone()).now();
        self.limits(guesser).iter().for_each(|limit| limit.take_back(guesser, now));
        self.wait_shared(guesser, Counted::Back).await;
    }

    fn limits(&self, guesser: &ThrottleKey) -> &[Limit] {
        &self.limits[guesser.kind()]
    }

    /// How long this guesser must wait; Redis decides when it answers.
    async fn wait(&self, guesser: &ThrottleKey, counted: Counted) -> Duration {
        let here = self.wait_here(guesser, counted);
        self.wait_shared(guesser, counted).await.unwrap_or(here)
    }

    /// Tiers are tried in order of their period: what one refuses, the later ones do not count. The wait is the longest of all
    /// tiers.
    fn wait_here(&self, guesser: &ThrottleKey, counted: Counted) -> Duration {
        let limits = self.limits(guesser);
        let now = Ticks(self.clock.clone()).now();
        let longest = |least| limits.iter().map(|limit| limit.wait(guesser, now)).fold(least, Duration::max);
        match counted {
            Counted::No => longest(Duration::ZERO),
            Counted::Yes if limits.iter().all(|limit| limit.limiter.check_key(guesser).is_ok()) => {
                Duration::ZERO
            }
            // Not zero, which means allowed.
            Counted::Yes => longest(Duration::from_millis(1)),
            Counted::Back => Duration::ZERO,
        }
    }

    /// `None` without Redis, or when it fails.
    async fn wait_shared(&self, guesser: &ThrottleKey, counted: Counted) -> Option<Duration> {
        let keys = guesser.keys();
        let mut script = redis::cmd("EVAL");
        script.arg(SCRIPT).arg(keys.len()).arg(keys).arg(self.clock.now().as_micros() / 1000);
        for tier in guesser.tiers() {
            script.arg(tier.burst.get()).arg(tier.period_ms);
        }
        script.arg(match counted {
            Counted::Yes => "count",
            Counted::No => "look",
            Counted::Back => "back",
        });
        self.shared.run(&script).await.ok().flatten().map(Duration::from_millis)
    }
}

/// Rounded up, so that a client that waits as told is let in.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{text::EmailKey, timestamp::Timestamp};

    fn waits_a_second<T>(outcome: Result<T, Error>) -> bool {
        outcome.is_err_and(|error| error.is::<TooManyTries>() && error.retry_after() == Some(1))
    }

    /// Each try is counted only when the one before is done.
    #[tokio::test]
    async fn tries_of_one_guesser_are_counted_one_after_the_other() {
        let guessing = Throttle::new(Clock::fixed(Timestamp::from_micros(0)), Cache::InProcess);
        let own = ThrottleKey::Account([7; 32], None);
        let guessers = || ThrottleKeys { own, crowd: None, newcomers: Vec::new() };
        let begin = async || guessing.begin(guessers(), &RequestInfo::default()).await;
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
        assert!(waits_a_second(begin().await));
    }

    /// A try that the crowd's limit refuses does not count for the owner's network.
    #[tokio::test]
    async fn a_try_that_the_crowd_keeps_out_is_none_of_its_network() {
        let guessing = Throttle::new(Clock::fixed(Timestamp::from_micros(0)), Cache::InProcess);
        let (crowd, owner) = (ThrottleKey::Crowd([7; 32]), ThrottleKey::Account([7; 32], None));
        while guessing.attempt(&[crowd]).await.is_ok() {}
        for _ in 0..20 {
            assert!(waits_a_second(guessing.attempt(&[owner, crowd]).await));
        }
        guessing.forgive(&[crowd]).await;
        for _ in 0..5 {
            assert!(guessing.attempt(&[owner, crowd]).await.is_ok(), "a mistake that is free");
        }
        assert!(guessing.attempt(&[owner, crowd]).await.is_err());
        // Nor does a try that the network's limit refuses count for the crowd.
        for _ in 5..100 {
            assert!(guessing.attempt(&[crowd]).await.is_ok());
        }
        assert!(guessing.attempt(&[crowd]).await.is_err());
    }

    const CROWD: ThrottleKey = ThrottleKey::Crowd([7; 32]);

    fn from(network: u8) -> ThrottleKeys {
        let client = [0x20, 0x01, 0x0d, 0xb8, network, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let email = EmailKey::of("owner@rideau.example");
        let known = ThrottleKeys::at_account(&email, Some(client.into()));
        ThrottleKeys { crowd: Some(CROWD), ..known }
    }

    #[tokio::test]
    async fn beside_a_crowd_there_is_room_for_who_has_not_tried_much() {
        let clock = Clock::fixed(Timestamp::from_micros(0));
        let guessing = Throttle::new(clock.clone(), Cache::InProcess);
        let begin = async |network| guessing.begin(from(network), &RequestInfo::default()).await;
        while guessing.attempt(&[CROWD]).await.is_ok() {}
        for _ in 0..3 {
            drop(begin(1).await.expect("a mistake"));
        }
        assert!(waits_a_second(begin(1).await), "it is one of the crowd now");
        begin(2).await.expect("another network").succeeded().await;
        for _ in 0..3 {
            drop(begin(2).await.expect("what was right does not count"));
        }
        for network in 3..=u8::MAX {
            if begin(network).await.is_err() {
                assert_eq!(network, 3 + 50 - 6, "all newcomers have 50 tries");
                return;
            }
        }
        panic!("newcomers are a crowd, too");
    }

    #[tokio::test]
    async fn a_success_takes_itself_back_of_what_the_crowd_did_and_no_more() {
        let guessing = Throttle::new(Clock::fixed(Timestamp::from_micros(0)), Cache::InProcess);
        for _ in 0..99 {
            guessing.attempt(&[CROWD]).await.expect("it is no crowd yet");
        }
        for _ in 0..3 {
            let right = guessing.begin(from(1), &RequestInfo::default()).await;
            right.expect("the hundredth").succeeded().await;
        }
        guessing.attempt(&[CROWD]).await.expect("the hundredth");
        assert!(guessing.attempt(&[CROWD]).await.is_err());
    }
}
