//! `coulisses serve`.

use super::{CliError, migrate, random};
use crate::{
    app::{self, Ground, Later, StartError},
    clock::Clock,
    config::Config,
    db::{ConnectError, Database},
    error::Error,
    http::serving::{self, Patience, Queue},
    jobs::run_periodic,
    resources::accounts::record_refusals,
    state::App,
    telemetry,
};
use backon::{ExponentialBuilder, Retryable};
use clap::Args;
use std::{
    future::Future,
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle};

#[derive(Debug, Default, Args)]
pub(super) struct Serve {
    /// Bring the schema up to date first. On SQLite this always happens.
    #[arg(long)]
    pub(super) migrate: bool,
}

impl Serve {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        let _last_lines =
            telemetry::init(&config).map_err(|source| CliError::Io { what: "cannot log".into(), source })?;
        let listener = bind(&config).await?;
        let mut signals = StopSignals::listen().map_err(cannot_serve)?;
        let ground = Ground::new(config, Clock::system(), random()?).map_err(CliError::from)?;
        // Before the database is there, so that probes learn that the process lives and is not ready.
        let waiting = Waiting::serve(&listener, &ground)?;
        let app = tokio::select! {
            prepared = self.prepared(ground) => prepared?,
            () = signals.first() => {
                tracing::info!("stopped before there was a database to serve");
                return Ok(());
            }
        };
        waiting.end();
        serve(app, listener, signals).await
    }

    /// The state over a database that is there and whose schema is current.
    async fn prepared(&self, ground: Ground) -> Result<App, CliError> {
        let db = wait_for_database(&ground).await?;
        let app = app::start_on(ground, db, Later::default())?;
        migrate::prepare(&app, self.migrate, log).await?;
        Ok(app)
    }
}

/// Connects. While the database is not there yet, or is starting, it is tried again, and the log says so.
async fn wait_for_database(ground: &Ground) -> Result<Database, CliError> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times();
    let connected =
        (|| ground.connect()).retry(pauses).when(ConnectError::may_pass).notify(|error, pause| {
            tracing::warn!(%error, "waiting for the database; trying again in {pause:.1?}");
        });
    Ok(connected.await.map_err(StartError::from)?)
}

/// A server whose database is there serves within this time. Until then connections wait: a 503 to a POST is one that no proxy may
/// hand on to another instance.
const SOON: Duration = Duration::from_secs(1);

/// Answers probes until there is something to serve.
struct Waiting(tokio_util::sync::DropGuard);

impl Waiting {
    fn serve(listener: &TcpListener, ground: &Ground) -> Result<Self, CliError> {
        let same = same_socket(listener).map_err(cannot_serve)?;
        let until = tokio_util::sync::CancellationToken::new();
        let end = until.clone().drop_guard();
        let router = app::waiting(ground);
        // Not waited for: connections that it has accepted get their responses, and all others are the server's.
        tokio::spawn(async move {
            if until.run_until_cancelled(tokio::time::sleep(SOON)).await.is_some() {
                let patience = (Patience::default(), Queue::Left);
                serving::serve(same, router, patience, until.cancelled_owned()).await;
            }
        });
        Ok(Self(end))
    }

    fn end(self) {
        drop(self.0);
    }
}

/// Another handle of a listening socket.
fn same_socket(listener: &TcpListener) -> io::Result<TcpListener> {
    #[cfg(unix)]
    let same = std::os::fd::AsFd::as_fd(listener).try_clone_to_owned()?;
    #[cfg(windows)]
    let same = std::os::windows::io::AsSocket::as_socket(listener).try_clone_to_owned()?;
    TcpListener::from_std(same.into())
}

pub(super) fn cannot_serve(source: io::Error) -> CliError {
    CliError::Io { what: "cannot serve".into(), source }
}

pub(super) fn log(line: &str) {
    tracing::info!("{line}");
}

pub(super) async fn bind(config: &Config) -> Result<TcpListener, CliError> {
    let address = SocketAddr::new(config.host, config.port);
    TcpListener::bind(address).await.map_err(|source| {
        let what = match source.kind() {
            ErrorKind::PermissionDenied if config.port < 1024 => {
                "ports below 1024 are the system's; choose another BACKEND_PORT and let a proxy listen there, or give the \
                    program the right to (CAP_NET_BIND_SERVICE)"
            }
            ErrorKind::AddrNotAvailable => "this machine does not have that address; correct BACKEND_HOST",
            _ => "choose another BACKEND_PORT or stop what uses it",
        };
        CliError::Io { what: format!("cannot listen on {address}; {what}"), source }
    })
}

/// Serves until a signal stops the process, then finishes requests and writes in progress within SHUTDOWN_GRACE_SECONDS.
pub(super) async fn serve(app: App, listener: TcpListener, mut signals: StopSignals) -> Result<(), CliError> {
    let address = listener.local_addr().map_err(cannot_serve)?;
    open_as_many_files_as_allowed();
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    survive_limits_of_file_size();
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(%address, version, database = %app.config.database_url, "serving");
    for doubt in app.config.doubts() {
        tracing::warn!("{doubt}");
    }
    // Logs an unreachable Redis now rather than at the first request.
    app.cache.status().await;
    let grace = app.config.shutdown_grace;
    let stopping = app.clone();
    let stopped = CancelOnStop::new(async move {
        signals.first().await;
        stopping.drain();
        tracing::info!(
            "stopping: /readyz says so, requests under way are finished; a second Ctrl-C stops at once"
        );
        tokio::spawn(signals.stop_at_once_when_told_again());
        tokio::time::sleep(stopping.config.shutdown_delay).await;
        // Not before: whoever asks again at once would come back here.
        stopping.live.close();
    });
    // The last fifth of the grace period is for `finish`, which runs when no client is served any more.
    let (deadline, over) = (stopped.after(grace * 4 / 5), stopped.after(grace));
    let metrics = app.telemetry.metrics.clone();
    let recurring = run_periodic(app::periodic(&app), metrics, stopped.clone().wait());
    let jobs = app.worker.clone().run(stopped.clone().wait(), stopped.after(grace * 4 / 5));
    let background = tokio::spawn(async { tokio::join!(recurring, jobs) });
    let patience = (Patience::default(), Queue::Served);
    let serving = serving::serve(listener, app::service(app.clone()), patience, stopped.wait());
    tokio::select! {
        () = serving => {}
        () = deadline => tracing::warn!("stopped waiting for clients that do not finish"),
    }
    tokio::select! {
        closed = finish(&app, background) => {
            closed?;
            tracing::info!("stopped");
        }
        () = over => tracing::error!("stopped without waiting any longer: the database undoes what was under way"),
    }
    Ok(())
}

/// Waits for writes and jobs in progress, records the refused sign-ins, sends the last spans and closes the database.
async fn finish(app: &App, background: JoinHandle<((), ())>) -> Result<(), sea_orm::DbErr> {
    app.tasks.close();
    app.tasks.wait().await;
    // Awaited, not aborted: it would lose the refused sign-ins that it has taken from memory but not yet written.
    told(background.await.map_err(|error| Error::internal(error)), "the background work ended early");
    told(record_refusals(&app.db, &app.refusals, true).await, "refused sign-ins could not be recorded");
    app.telemetry.stop().await;
    app.db.close().await
}

/// Every connection is an open file, and the default limit is often 1024.
fn open_as_many_files_as_allowed() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

/// A write beyond `ulimit -f` raises SIGXFSZ, which kills the process unless it has a handler. With one the write fails, and
/// the client gets the same response as for a full disk.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn survive_limits_of_file_size() {
    const SIGXFSZ: i32 = 25;
    // The handler stays installed when the returned stream is dropped.
    if let Err(error) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(SIGXFSZ)) {
        tracing::warn!(%error, "a limit of file size (ulimit -f) would end the program");
    }
}

/// Logs an error of background work, which has no client.
fn told<T>(done: Result<T, Error>, failed: &str) {
    if let Err(error) = done {
        tracing::warn!(%error, cause = ?error.cause(), "{failed}");
    }
}

/// A future that several tasks await.
#[derive(Clone)]
struct CancelOnStop(tokio_util::sync::CancellationToken);

impl CancelOnStop {
    fn new(event: impl Future<Output = ()> + Send + 'static) -> Self {
        let token = tokio_util::sync::CancellationToken::new();
        let guard = token.clone();
        tokio::spawn(async move {
            event.await;
            guard.cancel();
        });
        Self(token)
    }

    fn wait(self) -> impl Future<Output = ()> + Send + 'static {
        self.0.cancelled_owned()
    }

    fn after(&self, delay: Duration) -> impl Future<Output = ()> + Send + 'static {
        let stopped = self.clone().wait();
        async move {
            stopped.await;
            tokio::time::sleep(delay).await;
        }
    }
}

/// The signals that stop the process. It listens from the moment it is made; a signal before that ends the process at once.
pub(super) struct StopSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl StopSignals {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(windows)]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    /// Waits for Ctrl-C, or SIGTERM, which service managers send.
    async fn first(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }

    /// Ends the process at the next Ctrl-C. What was answered is durable; the database undoes the rest.
    async fn stop_at_once_when_told_again(mut self) {
        if self.interrupt.recv().await.is_some() {
            super::fail("stopped at once");
            // 128 plus the number of SIGINT, as in shells.
            std::process::exit(130);
        }
    }
}
