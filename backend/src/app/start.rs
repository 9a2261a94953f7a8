//! Builds the state: connects to the database, the cache and the trace collector.

use crate::{
    auth::{Authorities, Gate, Passwords, RefusedSignIns, Throttle, Tokens},
    cache::{Cache, Lists},
    clock::Clock,
    config::Config,
    db::{ConnectError, Database, DatabaseUrl},
    error::Error,
    events::Subscribers,
    fair::Fair,
    http::{MAX_BODIES_BYTES, MAX_TENANT_BODIES_BYTES},
    jobs::{Handlers, Timing, Worker},
    live::Live,
    mail::{Mailer, MailerError},
    outbox::Outbox,
    random::Random,
    resources::{
        accounts,
        mails::{self, Announcements, Post},
    },
    seal::Seal,
    state::{App, Parts},
    telemetry::{Telemetry, TracesError},
    workers::Workers,
};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio_util::task::TaskTracker;

/// Bytes that all lists being built or sent may take; one org may have a quarter of it.
const ROOM_FOR_ANSWERS: usize = 128 * 1024 * 1024;
/// How long CPU-bound work waits for its turn: longer than the default request timeout (20 s), which ends the wait before.
const HEAVY_PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Database(Box<ConnectError>),
    /// The URL of the cache is invalid.
    #[error("REDIS_URL cannot be used: {0}; correct it, or leave it out for a cache inside the process")]
    Cache(#[from] redis::RedisError),
    #[error(transparent)]
    Traces(#[from] TracesError),
    #[error("the threads for heavy work cannot be started: {0}; is the number of threads limited?")]
    Workers(#[from] std::io::Error),
    #[error(transparent)]
    Mail(#[from] MailerError),
    /// The key that encrypts stored responses ([`Seal`]) cannot be derived.
    #[error("answers cannot be encrypted for keeping: {0:?}")]
    Encryption(Error),
}

impl From<ConnectError> for StartError {
    fn from(error: ConnectError) -> Self {
        Self::Database(Box::new(error))
    }
}

/// How much work is in progress at a time, in total and for one org.
struct Turns {
    requests: Fair,
    bulks: Fair,
    lists: Fair,
    long_lists: Fair,
}

impl Turns {
    fn of(database: &DatabaseUrl, connections: usize) -> Self {
        let half = Workers::half_of_the_cores();
        // While other orgs send requests, one org may keep half of the cores busy: more would finish none of its requests sooner,
        // but make the others wait. Alone it may have more requests than there are connections, so that no connection idles.
        let at_once = 4 * connections.max(Workers::cores());
        let requests = Fair::alone("requests", at_once, half, at_once);
        let bulks = (connections / 4).max(2);
        let lists = (connections / 2).max(1);
        let all_but_one = (lists - 1).max(1);
        let long_lists = (connections / 5).max(1);
        match database {
            // Alone, an org may use nearly all connections for lists: the database may run on another machine.
            DatabaseUrl::Postgres(_) => Self {
                requests,
                bulks: Fair::new("bulk requests", bulks, bulks),
                lists: Fair::alone("lists", lists, half.min(all_but_one), all_but_one),
                long_lists: Fair::alone("long lists", long_lists, half, long_lists),
            },
            // Queries run on this machine's cores.
            DatabaseUrl::Sqlite(_) => {
                let at_once = lists.min(2 * half);
                Self {
                    requests,
                    bulks: Fair::new("bulk requests", bulks, 1),
                    lists: Fair::new("lists", at_once, half),
                    long_lists: Fair::new("long lists", at_once, half),
                }
            }
        }
    }
}

/// What is done later: who makes jobs of events, and who carries them out.
#[derive(Default)]
pub struct Later {
    pub subscribers: Subscribers,
    pub handlers: Handlers,
    pub timing: Timing,
    /// Who sends mail; `None` for what the configuration says.
    pub mailer: Option<Mailer>,
}

/// What the state is built on. It needs no database yet.
pub struct Ground {
    pub(super) config: Arc<Config>,
    pub(super) random: Random,
    pub(super) telemetry: Telemetry,
    pub(super) cache: Cache,
    clock: Clock,
}

impl Ground {
    /// # Errors
    /// As [`start`], but for the database.
    pub fn new(config: Config, clock: Clock, random: Random) -> Result<Self, StartError> {
        Ok(Self {
            cache: Cache::connect(&config.redis_url)?,
            // With the machine's clock, so that logs and spans can be compared with those of other programs.
            telemetry: Telemetry::start(&config, &clock, &random)?,
            config: Arc::new(config),
            random,
            clock,
        })
    }

    /// # Errors
    /// [`ConnectError::may_pass`] says whether it helps to wait.
    pub async fn connect(&self) -> Result<Database, ConnectError> {
        let Self { config, clock, random, .. } = self;
        Database::connect(&config.database_url, config.pool, clock.clone(), random.clone()).await
    }
}

/// # Errors
/// [`StartError`], which tells the operator what to do.
pub async fn start(config: Config, clock: Clock, random: Random) -> Result<App, StartError> {
    start_with(config, clock, random, Later::default()).await
}

/// The same with other subscribers and handlers.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    config: Config,
    clock: Clock,
    random: Random,
    later: Later,
) -> Result<App, StartError> {
    let ground = Ground::new(config, clock, random)?;
    let db = ground.connect().await?;
    start_on(ground, db, later)
}

/// The same over a database that is connected already.
///
/// # Errors
/// As [`start`].
pub fn start_on(ground: Ground, db: Database, later: Later) -> Result<App, StartError> {
    let Ground { config, random, telemetry, cache, .. } = ground;
    // The database's, because instants are compared with those written by other instances.
    let clock = db.clock().clone();
    let tasks = TaskTracker::new();
    let connections = usize::try_from(config.pool.max_connections).unwrap_or(usize::MAX);
    let half = Workers::half_of_the_cores();
    let Turns { requests, bulks, lists, long_lists } = Turns::of(&config.database_url, connections);
    let collectors = Workers::start_with("long lists", half, long_lists, config.pool.acquire_timeout)?;
    let tokens = Tokens::new(&config, clock.clone());
    let mailer = match later.mailer {
        Some(mailer) => mailer,
        None => Mailer::of(&config)?,
    };
    let gather = mailer.can_send().then_some(config.mail.gather);
    let outbox = Outbox::new(gather);
    let subscribers = match gather {
        Some(_) => later.subscribers.with(Announcements { clock: clock.clone() }),
        None => later.subscribers,
    };
    subscribers.subscribe(&db);
    let metrics = telemetry.metrics.clone();
    let post = Post {
        db: db.clone(),
        tokens: tokens.clone(),
        mailer,
        metrics: metrics.clone(),
        config: Arc::clone(&config),
    };
    let handlers = accounts::handlers(mails::handlers(later.handlers, post, outbox), outbox);
    let worker = Worker::new(db.clone(), handlers, metrics, later.timing);
    let gate = Gate::new(
        tokens.clone(),
        Authorities::new(db.clone()),
        clock.clone(),
        requests.clone(),
        config.pool.acquire_timeout,
    );
    Ok(App::from(Parts {
        lists: Lists::new(cache.clone(), config.cache_ttl, clock.clone(), tasks.clone()),
        gate,
        live: Live::new(db.clone(), telemetry.metrics.clone()),
        throttle: Throttle::new(clock.clone(), cache.clone()),
        refusals: RefusedSignIns::new(clock, telemetry.metrics.clone()),
        cache,
        passwords: Passwords::start(random.clone())?,
        tokens,
        seal: Seal::new(&config.secret_key, config.secret_key_previous.as_ref())
            .map_err(StartError::Encryption)?,
        config,
        db,
        random,
        telemetry,
        tasks,
        bodies: Fair::new("bytes of bodies", MAX_BODIES_BYTES, MAX_TENANT_BODIES_BYTES),
        answers: Fair::new("bytes of answers", ROOM_FOR_ANSWERS, ROOM_FOR_ANSWERS / 4),
        requests,
        bulks,
        reads: lists,
        collectors,
        workers: Workers::start("heavy pieces of work", half, HEAVY_PATIENCE)?,
        outbox,
        worker,
        draining: AtomicBool::default(),
    }))
}
