//! The state of handlers, extractors and middleware, built once by [`crate::app::start`]. Code that needs one part of it
//! takes that part (`FromRef`).

use crate::{
    auth::{Caller, CallerCheck, Gate, MinimumRole, Passwords, RefusedSignIns, Throttle, Tokens},
    cache::{Cache, Found, Key, Lists},
    config::Config,
    db::{Database, List, Origin, Reader},
    error::Error,
    fair::{Fair, Portion},
    http::{self, Boundary, ErrorPage, Kept, Listed, Listing, Page, Reading, RequestInfo},
    ids::OrgId,
    jobs::Worker,
    live::Live,
    outbox::Outbox,
    random::Random,
    seal::Seal,
    telemetry::Telemetry,
    workers::Workers,
};
use axum::{
    extract::FromRef,
    http::{HeaderName, HeaderValue, Uri, header},
    response::Response,
};
use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio_util::task::TaskTracker;

/// Whether a list came from the cache: `HIT`, `MISS`, or `BYPASS` while Redis is unreachable.
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// The application's state. Clones share it.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The write transaction of a request; see [`http::RequestTx`].
pub type RequestTx = http::RequestTx<CallerCheck>;

pub struct Parts {
    pub config: Arc<Config>,
    pub db: Database,
    pub cache: Cache,
    pub lists: Lists,
    pub gate: Gate,
    /// Who listens for changes of lists.
    pub live: Live,
    pub passwords: Passwords,
    pub throttle: Throttle,
    /// Refused sign-ins that are not yet in the audit log.
    pub refusals: RefusedSignIns,
    pub tokens: Tokens,
    pub seal: Seal,
    pub random: Random,
    pub telemetry: Telemetry,
    /// Writes in progress; shutdown waits for them.
    pub tasks: TaskTracker,
    /// Bytes of request bodies being received or processed.
    pub bodies: Fair,
    /// Bytes of lists being built or sent: a client that does not read its response keeps its bytes here.
    pub answers: Fair,
    /// Turns of signed-in requests, taken by [`Gate`].
    pub requests: Fair,
    pub bulks: Fair,
    /// Turns for reading short pages.
    pub reads: Fair,
    /// Threads that collect the rows of long pages.
    pub collectors: Workers,
    /// Threads for CPU-bound work.
    pub workers: Workers,
    /// Where mails are queued.
    pub outbox: Outbox,
    /// Carries out jobs.
    pub worker: Worker,
    pub draining: AtomicBool,
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

impl FromRef<App> for Workers {
    fn from_ref(app: &App) -> Self {
        app.workers.clone()
    }
}

impl App {
    /// Begins the write transaction of a caller's request. End it with [`http::RequestTx::commit_object`] or `commit_value`.
    ///
    /// # Errors
    /// As [`RequestTx::begin`].
    pub async fn write<R: MinimumRole>(&self, caller: &Caller<R>) -> Result<RequestTx, Error> {
        let authority_check = self.gate.authority_check(caller);
        let keys = (&self.seal, &self.random, self.config.retention.answers);
        RequestTx::begin(
            &self.db,
            (caller.org, caller.origin()),
            &caller.request,
            keys,
            Some(authority_check),
        )
        .await
    }

    /// The same for a request without a caller: one with an invitation's token.
    ///
    /// # Errors
    /// As [`RequestTx::begin`].
    pub async fn write_for(
        &self,
        org: OrgId,
        origin: Origin,
        request: &RequestInfo,
    ) -> Result<RequestTx, Error> {
        let keys = (&self.seal, &self.random, self.config.retention.answers);
        RequestTx::begin(&self.db, (org, origin), request, keys, None).await
    }

    /// The response of a list. `read` runs in a turn of the request's tenant; `uri` is the one that the client sent.
    ///
    /// # Errors
    /// Those of `read`; [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when the turn does not come in
    /// time.
    pub async fn listed<T, F>(
        &self,
        request: &RequestInfo,
        uri: &Uri,
        reading: Reading,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<Listed<T>, Error>
    where
        T: ?Sized + 'static,
        F: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        let (listing, room) = self.listing(request, uri, reading, read).await?;
        Ok(Listed::new(listing.respond(Some(room))))
    }

    async fn listing<T, F>(
        &self,
        request: &RequestInfo,
        uri: &Uri,
        reading: Reading,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<(Listing, Portion), Error>
    where
        T: ?Sized + 'static,
        F: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        // Lists have turns of their own, so that other requests do not wait for them.
        request.end_turn();
        let tenant = request.tenant();
        let patience = self.config.pool.acquire_timeout;
        // Its size is unknown until it is built.
        let mut room = self.answers.take(tenant, reading.room(), patience).await?;
        let page = match reading {
            Reading::Long | Reading::Whole => {
                let turn = self.collectors.turn(tenant).await?;
                let read = read(self.db.reader(true).await?);
                // If the client hangs up, the work still ends and holds the turn and the room until then. The timeout frees
                // them from a database that never responds.
                let limit = self.config.request_timeout;
                let work = async move { (tokio::time::timeout(limit, read).await, room) };
                let (page, kept) = self.collectors.run_in(turn, work).await?;
                room = kept;
                page.map_err(|_| Error::timed_out())?
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

    /// The same for a list that is cached until a write changes its version.
    ///
    /// # Errors
    /// As [`App::listed`].
    pub async fn cached<R, T, F>(
        &self,
        caller: &Caller<R>,
        list: List,
        uri: &Uri,
        reading: Reading,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<Listed<T>, Error>
    where
        R: MinimumRole,
        T: ?Sized + 'static,
        F: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        self.found(caller, list, uri, reading, read).await.map(Listed::new)
    }

    /// The same for what is no list. Its tag is that of the version under which it is cached: of two answers under one
    /// version the later may show a newer state, but then the version is another one by the next request.
    ///
    /// # Errors
    /// As [`App::listed`].
    pub async fn kept<R, T, F>(
        &self,
        caller: &Caller<R>,
        list: List,
        uri: &Uri,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<Kept<T>, Error>
    where
        R: MinimumRole,
        T: 'static,
        F: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        let mut response = self.found(caller, list, uri, Reading::Whole, read).await?;
        // Another release may show more.
        let tag = format!("W/\"{}-{:016x}\"", env!("CARGO_PKG_VERSION"), caller.versions.of(list));
        let tag = HeaderValue::from_str(&tag).map_err(|error| Error::internal(error))?;
        response.headers_mut().insert(header::ETAG, tag);
        Ok(Kept::new(response))
    }

    async fn found<R, T, F>(
        &self,
        caller: &Caller<R>,
        list: List,
        uri: &Uri,
        reading: Reading,
        read: impl FnOnce(Reader) -> F,
    ) -> Result<Response, Error>
    where
        R: MinimumRole,
        T: ?Sized + 'static,
        F: Future<Output = Result<Page<T>, Error>> + Send + 'static,
    {
        let query = uri.query().unwrap_or_default().to_owned();
        let key = Key { org: caller.org, list, version: caller.versions.of(list), query };
        // The cache bounds what it keeps; the request that builds a list also holds room for it until it is sent.
        let mut room = None;
        let make = async || {
            let (listing, taken) = self.listing(&caller.request, uri, reading, read).await?;
            room = Some(taken);
            Ok(listing)
        };
        let (listing, found) = match self.lists.kept_here(&key) {
            Some(listing) => (listing, Found::Hit),
            None => {
                // From here on it waits for Redis, for another request that builds the same list, or for a turn to build it.
                caller.request.end_turn();
                self.lists.find(key, make).await?
            }
        };
        self.telemetry.metrics.cache_lookup(list.word(), found.word());
        let mut response = listing.respond(room);
        response.headers_mut().insert(X_CACHE, HeaderValue::from_static(found.word()));
        Ok(response)
    }

    /// The outermost middleware's part of it; browsers are shown errors as `error_page` renders them.
    pub fn boundary(&self, error_page: ErrorPage) -> Boundary {
        Boundary {
            config: Arc::clone(&self.config),
            random: self.random.clone(),
            telemetry: self.telemetry.clone(),
            error_page,
        }
    }

    /// From now on `/readyz` responds 503, so that a load balancer sends new requests elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the program is shutting down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }
}
