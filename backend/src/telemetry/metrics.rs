//! Metrics in Prometheus's text format, one registry per [`Metrics`]. Labels have few values whatever clients send: a path
//! is a route's template; all paths without a route share one value, and so do unusual methods.

use super::lines;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder, core::Collector,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const UNMATCHED: &str = "unmatched";
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The label of other methods, which clients may invent.
const OTHER: &str = "OTHER";

/// The state of the database's connection pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Running a statement, or in a transaction.
    pub in_use: i64,
    pub idle: i64,
    pub max: i64,
    /// Statements and transactions that wait for a connection or for their turn to write.
    pub waiting: i64,
}

/// The program's metrics. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    enabled: bool,
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    in_flight: AtomicI64,
    in_flight_shown: IntGauge,
    lookups: IntCounterVec,
    sign_ins_refused: IntCounter,
    storage_full: IntCounter,
    reruns: IntCounterVec,
    jobs: IntCounterVec,
    periodic: IntCounterVec,
    streams: IntGauge,
    mails: IntCounterVec,
    mails_waiting: IntGauge,
    mails_oldest_seconds: IntGauge,
    log_lines_lost: IntCounter,
    /// How many lost lines `log_lines_lost` has; atomic, because two requests may show the metrics at the same time.
    log_lines_shown: AtomicU64,
    connections: IntGaugeVec,
    connections_max: IntGauge,
    connections_waiting: IntGauge,
    /// By route. A lookup by label values for each request would cost several times as much.
    series: RwLock<HashMap<String, Vec<Series>>>,
}

struct Series {
    method: &'static str,
    status: u16,
    count: IntCounter,
    seconds: Histogram,
}

impl Metrics {
    /// If not `enabled`, requests are not counted and nothing is shown.
    pub fn new(enabled: bool) -> Self {
        let all = Registry::new();
        let labels = ["method", "path", "status"];
        let count =
            |name, help, labels: &[&str]| add(&all, IntCounterVec::new(Opts::new(name, help), labels));
        let gauge = |name, help| add(&all, IntGauge::new(name, help));
        let by = |name, help, labels: &[&str]| add(&all, IntGaugeVec::new(Opts::new(name, help), labels));
        let seconds = HistogramOpts::new(
            "app_request_duration_seconds",
            "How long requests took, by method, route and status.",
        );
        by("app_build_info", "Which release runs.", &["version"])
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        Self(Arc::new(Inner {
            enabled,
            requests: count(
                "app_requests_total",
                "Requests answered, by method, route and status; 499 where the client hung up.",
                &labels,
            ),
            durations: add(&all, HistogramVec::new(seconds.buckets(BUCKETS.to_vec()), &labels)),
            in_flight: AtomicI64::new(0),
            in_flight_shown: gauge(
                "app_inflight_requests",
                "Requests being answered, without the one that asks for this.",
            ),
            lookups: count(
                "app_cache_lookups_total",
                "Looks into the cache, by list and what X-Cache said: HIT, MISS, or BYPASS where it is out of reach.",
                &["list", "result"],
            ),
            sign_ins_refused: add(
                &all,
                IntCounter::new("app_sign_ins_refused_total", "Passwords refused, wrong or too often tried."),
            ),
            storage_full: add(
                &all,
                IntCounter::new(
                    "app_storage_full_total",
                    "Requests refused because the database's disk was full or could not be written.",
                ),
            ),
            reruns: count(
                "app_transaction_reruns_total",
                "Transactions that lost a race in the database and were run again, by the operation that they are of.",
                &["operation"],
            ),
            jobs: count(
                "app_jobs_total",
                "Attempts at jobs: done, failed (tried again later), given up, or lost to another instance.",
                &["kind", "outcome"],
            ),
            periodic: count(
                "app_periodic_work_total",
                "Periodic work that was done, or failed.",
                &["work", "outcome"],
            ),
            streams: gauge("app_open_streams", "Streams of events (GET /events) that are open."),
            mails: count(
                "app_mail_total",
                "Attempts to send a mail: sent, delayed (tried again later), refused for good, or dropped as no longer true.",
                &["kind", "result"],
            ),
            mails_waiting: gauge("app_mail_queue", "Mails to people and members that are not sent yet."),
            mails_oldest_seconds: gauge(
                "app_mail_oldest_seconds",
                "For how many seconds the oldest of them has waited.",
            ),
            log_lines_lost: add(
                &all,
                IntCounter::new(
                    "app_log_lines_lost_total",
                    "Log lines that nobody took in time, or that could not be written.",
                ),
            ),
            log_lines_shown: AtomicU64::new(0),
            connections: by("app_db_connections", "Database connections, in use or idle.", &["state"]),
            connections_max: gauge("app_db_connections_max", "Database connections at most."),
            connections_waiting: gauge(
                "app_db_waiting",
                "Statements and transactions that wait for a connection or for their turn to write; questions about callers wait together, as one statement.",
            ),
            series: RwLock::default(),
            registry: all,
        }))
    }

    pub fn begun(&self) {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// `route` is the template in its public form.
    pub fn finished(&self, method: &str, route: Option<&str>, status: u16, took: Duration) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        if !self.0.enabled {
            return;
        }
        let (method, route) = (known(method), route.unwrap_or(UNMATCHED));
        let seconds = took.as_secs_f64();
        if !self.0.count(method, route, status, seconds) {
            self.0.add_series(method, route, status);
            self.0.count(method, route, status, seconds);
        }
    }

    /// `found` is the value of `X-Cache`.
    pub fn cache_lookup(&self, list: &'static str, found: &'static str) {
        self.0.lookups.with_label_values(&[list, found]).inc();
    }

    pub fn sign_in_refused(&self) {
        self.0.sign_ins_refused.inc();
    }

    pub fn storage_was_full(&self) {
        self.0.storage_full.inc();
    }

    pub fn job(&self, kind: &str, outcome: &str) {
        self.0.jobs.with_label_values(&[kind, outcome]).inc();
    }

    /// How many streams of events are open.
    pub fn streams(&self, open: usize) {
        self.0.streams.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// A mail was sent, delayed, refused for good, or dropped because nothing in it was true any more.
    pub fn mail(&self, kind: &str, result: &str) {
        self.0.mails.with_label_values(&[kind, result]).inc();
    }

    /// How many mails wait, and for how many seconds the first of them.
    pub fn mails_waiting(&self, count: i64, seconds: i64) {
        self.0.mails_waiting.set(count);
        self.0.mails_oldest_seconds.set(seconds);
    }

    pub fn periodic(&self, work: &str, outcome: &str) {
        self.0.periodic.with_label_values(&[work, outcome]).inc();
    }

    /// A transaction failed on a conflict with another one and is retried.
    pub fn transaction_rerun(&self, operation: &str) {
        self.0.reruns.with_label_values(&[operation]).inc();
    }

    /// The response to `GET /metrics`; `None` when metrics are disabled.
    ///
    /// # Errors
    /// When the metrics cannot be encoded, which is a defect.
    pub fn show(&self, connections: Connections) -> Option<Result<String, prometheus::Error>> {
        let inner = &self.0;
        if !inner.enabled {
            return None;
        }
        // Without the request that shows it, so that an idle program has 0.
        inner.in_flight_shown.set(inner.in_flight.load(Ordering::Relaxed) - 1);
        let lost = lines::lost();
        let before = inner.log_lines_shown.fetch_max(lost, Ordering::Relaxed);
        inner.log_lines_lost.inc_by(lost.saturating_sub(before));
        inner.connections.with_label_values(&["in_use"]).set(connections.in_use);
        inner.connections.with_label_values(&["idle"]).set(connections.idle);
        inner.connections_max.set(connections.max);
        inner.connections_waiting.set(connections.waiting);
        Some(TextEncoder::new().encode_to_string(&inner.registry.gather()))
    }

    pub fn in_flight(&self) -> i64 {
        self.0.in_flight.load(Ordering::Relaxed)
    }
}

impl Inner {
    /// Counts in an existing series; false if there is none.
    fn count(&self, method: &'static str, route: &str, status: u16, seconds: f64) -> bool {
        // Series are only added, so a panic in another thread cannot leave it half-changed.
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let of_route = all.get(route).map_or(&[][..], Vec::as_slice);
        let Some(found) = of_route.iter().find(|one| one.status == status && one.method == method) else {
            return false;
        };
        found.count.inc();
        found.seconds.observe(seconds);
        true
    }

    /// Two threads may add the same series; both entries count in the same one of the registry.
    fn add_series(&self, method: &'static str, route: &str, status: u16) {
        let text = status.to_string();
        let labels = [method, route, text.as_str()];
        let count = self.requests.with_label_values(&labels);
        let seconds = self.durations.with_label_values(&labels);
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        all.entry(route.to_owned()).or_default().push(Series { method, status, count, seconds });
    }
}

pub(super) fn known(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or(OTHER)
}

fn add<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let made = made.expect("the name and the labels above are valid");
    registry.register(Box::new(made.clone())).expect("the names above differ");
    made
}
