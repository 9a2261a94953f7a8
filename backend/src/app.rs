//! The program's state, built once, and the router that serves it.

use crate::{
    auth::{self, Authorities, Caller, Guessing, Passwords, Rank, Refusals, Seal, Tokens},
    cache::{Cache, Found, Key, Lists},
    clock::Clock,
    config::Config,
    db::{ConnectError, Database, DatabaseUrl, List, Origin, Reader},
    error::Error,
    fair::{Fair, Portion},
    http::{
        Cors, Doors, Listing, MAX_PAGE_BYTES, Page, ROOM, ROOM_OF_ONE, Reading, RequestInfo, Writing,
        boundary, compress, cors, limits, not_modified, run_to_completion, verbs,
    },
    ids::OrgId,
    openapi, pages,
    random::Random,
    resources::{
        assignments, audit, availabilities, calendar, conflicts, invitations, missions, orgs, projects,
        rates, users,
    },
    system,
    telemetry::{Telemetry, TracesError},
    workers::{Lane, Workers},
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri},
    middleware,
    response::IntoResponse,
    response::Response,
};
use serde::Serialize;
use std::{
    any::Any,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::task::TaskTracker;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Says whether a list was kept: `HIT`, `MISS`, or `BYPASS` while the cache is out of reach.
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What lists may take together, in bytes, until they are sent; those of one org a quarter.
const ROOM_FOR_ANSWERS: usize = 128 * 1024 * 1024;
/// How long heavy work waits for its turn: longer than a request may take, whose own limit ends the wait.
const HEAVY_PATIENCE: Duration = Duration::from_secs(60);

/// What every handler may use. Clones share everything; there is one for each step of each request.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Database,
    /// The cache.
    pub cache: Cache,
    /// Lists that are kept.
    pub lists: Lists,
    /// What each request may do.
    pub authorities: Authorities,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Slows guessing down.
    pub guessing: Guessing,
    /// Refused sign-ins that are not on record yet.
    pub refusals: Refusals,
    /// Signs and reads tokens.
    pub tokens: Tokens,
    /// Encrypts the answers that are kept.
    pub seal: Seal,
    /// Randomness.
    pub random: Random,
    /// What the program tells of itself.
    pub telemetry: Telemetry,
    /// Writes that are under way; shutting down waits for them.
    pub tasks: TaskTracker,
    /// Bytes for bodies that are received or worked on.
    pub bodies: Fair,
    /// Bytes for lists that are made or being sent: a client that does not read its answer keeps it here.
    pub answers: Fair,
    /// Turns for whatever a signed-in member asks: from the moment that their token was read until the answer is there, or
    /// the request waits for something else.
    pub requests: Fair,
    /// Turns for bulk requests.
    pub turns: Fair,
    /// Turns for reading short pages of lists.
    pub reads: Fair,
    /// Collects the rows of long ones.
    pub collectors: Workers,
    /// For what keeps a core busy.
    pub workers: Workers,
    draining: AtomicBool,
}

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database could not be opened.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// The cache's address is no good.
    #[error("REDIS_URL cannot be used: {0}; correct it, or leave it out for a cache inside the process")]
    Cache(#[from] redis::RedisError),
    /// The collector of traces cannot be used.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// Its workers cannot be started.
    #[error("the threads for heavy work cannot be started: {0}; is the number of threads limited?")]
    Workers(#[from] std::io::Error),
    /// Password hashing does not work.
    #[error("password hashing does not work on this machine: {0:?}")]
    Passwords(Error),
}

/// How much is worked on at a time, and how much of it for one org.
struct Turns {
    requests: Fair,
    bulks: Fair,
    lists: Fair,
    long_lists: Fair,
}

impl Turns {
    fn of(database: &DatabaseUrl, connections: usize) -> Self {
        let half = Workers::half_of_the_cores();
        // Beside others an org keeps half of the processor busy: others wait for what it has begun, and beginning more of it at
        // once finishes none of it sooner. Alone it has more under way than there are connections, which then never idle.
        let at_once = 4 * connections.max(Workers::cores());
        let requests = Fair::alone("requests", at_once, half, at_once);
        let bulks = (connections / 4).max(2);
        let lists = (connections / 2).max(1);
        let all_but_one = (lists - 1).max(1);
        let long_lists = (connections / 5).max(1);
        match database {
            // Alone, an org may keep connections busy, which the database may have a machine of its own for.
            DatabaseUrl::Postgres(_) => Self {
                requests,
                bulks: Fair::new("bulk requests", bulks, bulks),
                lists: Fair::alone("lists", lists, half.min(all_but_one), all_but_one),
                long_lists: Fair::alone("long lists", long_lists, half, long_lists),
            },
            // What they keep busy is this machine's processor.
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

impl App {
    /// Connects to everything the configuration names.
    ///
    /// # Errors
    /// [`StartError`] says what to do.
    pub async fn start(config: Config, clock: Clock, random: Random) -> Result<Self, StartError> {
        let db = Database::connect(&config.database_url, config.pool, clock.clone(), random.clone()).await?;
        let cache = Cache::connect(&config.redis_url)?;
        // A log and its spans are read beside those of other programs of this machine.
        let telemetry = Telemetry::start(&config, &clock, &random)?;
        // Everything else compares with what other instances wrote.
        let clock = db.clock().clone();
        let tasks = TaskTracker::new();
        let connections = usize::try_from(config.pool.max_connections).unwrap_or(usize::MAX);
        let half = Workers::half_of_the_cores();
        let Turns { requests, bulks, lists, long_lists } = Turns::of(&config.database_url, connections);
        let collectors = Workers::start_with("long lists", half, long_lists, config.pool.acquire_timeout)?;
        Ok(Self(Arc::new(Parts {
            lists: Lists::new(cache.clone(), config.cache_ttl, clock.clone(), tasks.clone()),
            authorities: Authorities::new(db.clone()),
            guessing: Guessing::new(clock.clone(), cache.clone()),
            refusals: Refusals::new(clock.clone(), telemetry.metrics.clone()),
            cache,
            passwords: Passwords::start(random.clone())?,
            tokens: Tokens::new(&config, clock),
            seal: Seal::new(&config.secret_key).map_err(StartError::Passwords)?,
            config: Arc::new(config),
            db,
            random,
            telemetry,
            tasks,
            bodies: Fair::new("bytes of bodies", ROOM, ROOM_OF_ONE),
            answers: Fair::new("bytes of answers", ROOM_FOR_ANSWERS, ROOM_FOR_ANSWERS / 4),
            requests,
            turns: bulks,
            reads: lists,
            collectors,
            workers: Workers::start("heavy pieces of work", half, HEAVY_PATIENCE)?,
            draining: AtomicBool::default(),
        })))
    }

    /// Waits for a request's turn among those of its org and of others, unless it has it. It ends with
    /// [`RequestInfo::end_turn`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not come in time.
    pub async fn turn(&self, request: &RequestInfo, org: OrgId) -> Result<(), Error> {
        if !request.has_turn() {
            request.keep_turn(self.requests.take(Some(org), 1, self.config.pool.acquire_timeout).await?);
        }
        Ok(())
    }

    /// Opens the transaction of a caller's request. End it with [`Writing::single`] or [`Writing::answer`].
    ///
    /// # Errors
    /// As [`Writing::begin`].
    pub async fn write<R: Rank>(&self, caller: &Caller<R>) -> Result<Writing, Error> {
        let standing = caller.standing(&self.authorities, self.db.clock());
        let keys = (&self.seal, &self.random);
        Writing::begin(&self.db, (caller.org, caller.origin()), &caller.request, keys, Some(standing)).await
    }

    /// The same for whoever else is behind a request: the holder of an invitation.
    ///
    /// # Errors
    /// As [`Writing::begin`].
    pub async fn write_for(
        &self,
        org: OrgId,
        origin: Origin,
        request: &RequestInfo,
    ) -> Result<Writing, Error> {
        Writing::begin(&self.db, (org, origin), request, (&self.seal, &self.random), None).await
    }

    /// The answer of a list. `read` takes its turn among the org's and those of others; `uri` is the one that the client sent.
    ///
    /// # Errors
    /// What `read` says; [`Error::Unavailable`] when its turn does not come in time.
    pub async fn listed<F>(
        &self,
        request: &RequestInfo,
        uri: &Uri,
        reading: Reading,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<Response, Error>
    where
        F: Future<Output = Result<Page, Error>> + Send + 'static,
    {
        let (listing, room) = self.listing(request, uri, reading, read).await?;
        Ok(listing.respond(Some(room)))
    }

    async fn listing<F>(
        &self,
        request: &RequestInfo,
        uri: &Uri,
        reading: Reading,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<(Listing, Portion), Error>
    where
        F: Future<Output = Result<Page, Error>> + Send + 'static,
    {
        // Lists wait for each other, and nothing else waits for lists.
        request.end_turn();
        let tenant = request.tenant();
        let patience = self.config.pool.acquire_timeout;
        // Before it is made nobody knows how large it becomes.
        let mut room = self.answers.take(tenant, MAX_PAGE_BYTES, patience).await?;
        let page = match reading {
            Reading::Long => {
                let turn = self.collectors.turn(tenant).await?;
                let read = read(self.db.reader(true).await?);
                // Whoever hangs up keeps both until it is done; a database that never answers does not keep the turn for ever.
                let limit = self.config.request_timeout;
                let work = async move { (tokio::time::timeout(limit, read).await, room) };
                let (page, kept) = self.collectors.run_in(turn, work).await?;
                room = kept;
                page.map_err(|_| Error::TimedOut)?
            }
            Reading::Short | Reading::ShortInSnapshot => {
                let _turn = self.reads.take(tenant, 1, patience).await?;
                read(self.db.reader(reading == Reading::ShortInSnapshot).await?).await
            }
        };
        let listing = Listing::of(page?, tenant, uri)?;
        room.shrink_to(listing.size());
        Ok((listing, room))
    }

    /// Where this request's work is done. Much of it waits for the workers, without the turn that the request has.
    pub fn lane(&self, request: &RequestInfo, much: bool) -> Lane {
        if much {
            request.end_turn();
            Lane::of(&self.workers, request.tenant())
        } else {
            Lane::HERE
        }
    }

    /// The same for a list that is kept for as long as no write changes what it shows. `uri` is the one that the client
    /// sent.
    ///
    /// # Errors
    /// As [`App::listed`].
    pub async fn cached<R: Rank, F>(
        &self,
        caller: &Caller<R>,
        list: List,
        uri: &Uri,
        reading: Reading,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<Response, Error>
    where
        F: Future<Output = Result<Page, Error>> + Send + 'static,
    {
        let query = uri.query().unwrap_or_default().to_owned();
        let key = Key { org: caller.org, list, version: caller.versions.of(list), query };
        // What is kept has its bound there; who makes it holds it beyond that until it is sent.
        let mut room = None;
        let make = async || {
            let (listing, taken) = self.listing(&caller.request, uri, reading, read).await?;
            room = Some(taken);
            Ok(listing)
        };
        let (listing, found) = match self.lists.kept_here(&key) {
            Some(listing) => (listing, Found::Hit),
            None => {
                // From here on it waits for Redis, for whoever makes the same list, or for its turn to make it.
                caller.request.end_turn();
                self.lists.find(key, make).await?
            }
        };
        self.telemetry.metrics.cache_lookup(list.word(), found.word());
        let mut response = listing.respond(room);
        response.headers_mut().insert(X_CACHE, HeaderValue::from_static(found.word()));
        Ok(response)
    }

    /// From now on `/readyz` sends new traffic elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the program is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }
}

/// The answer of what has nothing else to say.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

impl Done {
    /// It is done.
    pub const OK: Self = Self { status: "ok" };
}

/// What a bulk creation did.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkCreated<I> {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// How many.
    created: usize,
    /// Their ids, in the order of the request.
    ids: Vec<I>,
}

impl<I> BulkCreated<I> {
    /// These were created.
    pub fn of(ids: Vec<I>) -> Self {
        Self { status: "ok", created: ids.len(), ids }
    }
}

/// Every route under `/api/v1`, one line a resource.
fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(system::api_routes())
        .merge(auth::routes())
        .merge(orgs::routes())
        .merge(projects::routes())
        .merge(missions::routes())
        .merge(users::routes())
        .merge(assignments::routes())
        .merge(invitations::routes())
        .merge(availabilities::routes())
        .merge(calendar::routes())
        .merge(conflicts::routes())
        .merge(rates::routes())
        .merge(audit::routes())
}

/// The routes and the document that describes them.
pub fn routes() -> (Router<App>, serde_json::Value) {
    let (router, document) = OpenApiRouter::with_openapi(openapi::base())
        .merge(system::routes())
        .nest("/api/v1", api())
        .split_for_parts();
    (router, openapi::publish(document))
}

/// The whole service: custom verbs are made routable in front of the router, because layers of the router itself run
/// after routing.
pub fn service(app: App) -> Router {
    let (router, document) = routes();
    let doors = Doors::new(&document, &pages::SMALL_BODIES);
    // From the outside in; one layer, because the router boxes each that it is given.
    let around = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(app.clone(), boundary))
        .layer(middleware::from_fn_with_state(Cors::of(&app.config), cors))
        .layer(middleware::from_fn_with_state(app.clone(), limits))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn(not_modified))
        .layer(middleware::from_fn_with_state(app.clone(), compress))
        .layer(middleware::from_fn_with_state((app.clone(), doors), run_to_completion))
        .layer(DefaultBodyLimit::disable());
    let inner = router
        .merge(openapi::routes(&document))
        .merge(pages::routes())
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(options)
        .layer(around)
        .with_state(app);
    let routable = ServiceBuilder::new().map_request(verbs::to_internal::<axum::body::Body>).service(inner);
    Router::new().fallback_service(routable)
}

/// A method that a route does not have. OPTIONS asks which it has, and the router adds them as `Allow`.
async fn options(method: Method) -> Response {
    match method {
        Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        _ => Error::MethodNotAllowed.into_response(),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    Error::internal(Panicked(message.unwrap_or_default())).into_response()
}
