//! Who listens for changes of an org's lists. A task of each instance reads the versions of the orgs that somebody here
//! listens to ([`Live::look`]) and hands them to all of an org's [`Listener`]s; nothing is read for others. Versions are compared,
//! nothing is notified: a change that several looks missed is found by the next one.
//!
//! A look is also what time passes by: each [`Stream`] is woken and sees whether it has something to say, or is over. Nobody
//! has a timer, a turn or a database connection of their own.

mod stream;

pub use stream::{Stream, Told};

use crate::{
    clock::Clock,
    db::{Database, Versions},
    error::{Error, FailureKind, refusals},
    ids::{AccountId, OrgId},
    telemetry::Metrics,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// The time between two looks. With the statement and the way to the client a change is heard of within a second.
pub const LOOKED_EVERY: Duration = Duration::from_millis(800);
/// How long a look waits for the database. Everybody's heartbeat waits as long.
const PATIENCE: Duration = Duration::from_secs(2);
/// Streams that an account may have open at one instance: each tab of a browser has one.
pub const STREAMS_OF_AN_ACCOUNT: usize = 16;
/// Streams of one org at one instance.
pub const STREAMS_OF_AN_ORG: usize = 2000;
/// Streams that are open at one instance. Each costs memory, and a file.
pub const STREAMS: usize = 4000;

refusals! {
    /// The account has as many open streams as it may have.
    TooManyStreams => TOO_MANY_REQUESTS, "too_many_streams",
        "This account has {STREAMS_OF_AN_ACCOUNT} streams open; close one, or wait until one has ended.",
        with |_, refused| refused.retry_after = Some(30);
}

#[derive(Debug, thiserror::Error)]
#[error("{STREAMS} streams are open, or {STREAMS_OF_AN_ORG} of the caller's organisation")]
struct Full;

/// The listeners of this instance. Clones share them.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    db: Database,
    clock: Clock,
    metrics: Metrics,
    listeners: Mutex<Listeners>,
    /// Whether the last look failed, which was logged.
    failed: AtomicBool,
}

#[derive(Default)]
struct Listeners {
    orgs: HashMap<OrgId, OfOrg>,
    accounts: HashMap<AccountId, usize>,
    open: usize,
    /// How many looks have begun.
    looks: u64,
    closed: bool,
}

struct OfOrg {
    seen: watch::Sender<Seen>,
    open: usize,
}

/// What a look found.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Its number.
    look: u64,
    versions: Versions,
}

impl Live {
    pub fn new(db: Database, metrics: Metrics) -> Self {
        let (clock, listeners) = (db.clock().clone(), Mutex::default());
        Self(Arc::new(Inner { db, clock, metrics, listeners, failed: AtomicBool::default() }))
    }

    /// Someone who hears of the looks at `org` that begin from now on, until they are dropped.
    ///
    /// # Errors
    /// [`TooManyStreams`]; [`FailureKind::Unavailable`] when this instance, or the org here, has as many as it may have.
    pub fn listen(&self, org: OrgId, account: AccountId) -> Result<Listener, Error> {
        let mut listeners = self.0.listeners();
        if listeners.accounts.get(&account).is_some_and(|open| *open >= STREAMS_OF_AN_ACCOUNT) {
            return Err(TooManyStreams.into());
        }
        let of_org = listeners.orgs.get(&org).map_or(0, |org| org.open);
        if listeners.open >= STREAMS || of_org >= STREAMS_OF_AN_ORG {
            return Err(Error::failed(FailureKind::Unavailable, Full));
        }
        listeners.open += 1;
        *listeners.accounts.entry(account).or_default() += 1;
        let closed = listeners.closed;
        let of_org = listeners
            .orgs
            .entry(org)
            .or_insert_with(|| OfOrg { seen: watch::Sender::new(Seen::default()), open: 0 });
        of_org.open += 1;
        // Of a sender that is gone nothing is heard but the end.
        let seen =
            if closed { watch::Sender::new(Seen::default()).subscribe() } else { of_org.seen.subscribe() };
        let since = listeners.looks;
        self.0.metrics.streams(listeners.open);
        drop(listeners);
        Ok(Listener { live: self.clone(), org, account, seen, since })
    }

    /// Reads the versions of the orgs that somebody listens to, and wakes their listeners. A failure is logged once until a look
    /// succeeds again; the listeners are woken all the same.
    pub async fn look(&self) {
        let Some((look, orgs)) = self.0.begin_look() else { return };
        let read = tokio::time::timeout(PATIENCE, Versions::read_all(&self.0.db, &orgs)).await;
        let found = match read {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => self.0.fails(&error),
            Err(elapsed) => self.0.fails(&elapsed),
        };
        if found.is_some() && self.0.failed.swap(false, Ordering::SeqCst) {
            tracing::info!("the versions of lists can be read again");
        }
        let listeners = self.0.listeners();
        for org in &orgs {
            let Some(of_org) = listeners.orgs.get(org) else { continue };
            of_org.seen.send_modify(|seen| {
                if let Some(found) = &found {
                    *seen = Seen { look, versions: found.get(org).copied().unwrap_or_default() };
                }
            });
        }
    }

    /// Ends all streams, also those that begin later: the program stops.
    pub fn close(&self) {
        let mut listeners = self.0.listeners();
        listeners.closed = true;
        for of_org in listeners.orgs.values_mut() {
            of_org.seen = watch::Sender::new(Seen::default());
        }
    }

    /// How many listen, and to how many orgs.
    pub fn open(&self) -> (usize, usize) {
        let listeners = self.0.listeners();
        (listeners.open, listeners.orgs.len())
    }
}

impl Inner {
    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        // Nothing in between can panic, so it is consistent even if the lock is poisoned.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next look and the orgs to look at; `None` if there are none.
    fn begin_look(&self) -> Option<(u64, Vec<OrgId>)> {
        let mut listeners = self.listeners();
        listeners.looks += 1;
        let orgs: Vec<OrgId> = listeners.orgs.keys().copied().collect();
        (!orgs.is_empty()).then_some((listeners.looks, orgs))
    }

    fn fails<T>(&self, cause: &dyn std::fmt::Display) -> Option<T> {
        if !self.failed.swap(true, Ordering::SeqCst) {
            tracing::warn!(%cause, "the versions of lists cannot be read; streams stay open, and it is tried again");
        }
        None
    }
}

/// Hears of the looks at one org, and counts as open until it is dropped.
pub struct Listener {
    live: Live,
    org: OrgId,
    account: AccountId,
    seen: watch::Receiver<Seen>,
    /// The number of the last look that had begun before.
    since: u64,
}

impl Listener {
    /// Waits for the end of a look: the versions, if it succeeded and began after this listener did; what an earlier one read may
    /// be older than what the listener's client knows. `None` when the program stops.
    async fn next(&mut self) -> Option<Option<Versions>> {
        self.seen.changed().await.ok()?;
        let seen = *self.seen.borrow_and_update();
        Some((seen.look > self.since).then_some(seen.versions))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut listeners = self.live.0.listeners();
        listeners.open -= 1;
        if let Some(open) = listeners.accounts.get_mut(&self.account) {
            *open -= 1;
            if *open == 0 {
                listeners.accounts.remove(&self.account);
            }
        }
        if let Some(of_org) = listeners.orgs.get_mut(&self.org) {
            of_org.open -= 1;
            if of_org.open == 0 {
                listeners.orgs.remove(&self.org);
            }
        }
        self.live.0.metrics.streams(listeners.open);
    }
}
