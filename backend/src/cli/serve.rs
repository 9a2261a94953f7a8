//! `coulisses serve`.

use super::{CliError, migrate, start};
use crate::{
    app,
    config::Config,
    error::Error,
    http::serving::{self, Patience},
    jobs::run_periodic,
    resources::accounts::record_refusals,
    state::App,
    telemetry,
};
use clap::Args;
use std::{future::Future, io::ErrorKind, net::SocketAddr};
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
        let app = start(config).await?;
        migrate::prepare(&app, self.migrate, log).await?;
        let listener = bind(&app.config).await?;
        serve(app, listener).await
    }
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
pub(super) async fn serve(app: App, listener: TcpListener) -> Result<(), CliError> {
    let failed = |source| CliError::Io { what: "cannot serve".into(), source };
    let address = listener.local_addr().map_err(failed)?;
    open_as_many_files_as_allowed();
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    survive_limits_of_file_size();
    // Before the log says that it serves: whoever reads that may send a signal.
    let mut signals = StopSignals::listen().map_err(failed)?;
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
    });
    // The last fifth of the grace period is for `finish`, which runs when no client is served any more.
    let (deadline, over) = (stopped.after(grace * 4 / 5), stopped.after(grace));
    let metrics = app.telemetry.metrics.clone();
    let recurring = run_periodic(app::periodic(&app), metrics, stopped.clone().wait());
    let jobs = app.worker.clone().run(stopped.clone().wait(), stopped.after(grace * 4 / 5));
    let background = tokio::spawn(async { tokio::join!(recurring, jobs) });
    let serving = serving::serve(listener, app::service(app.clone()), Patience::default(), stopped.wait());
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

    fn after(&self, delay: std::time::Duration) -> impl Future<Output = ()> + Send + 'static {
        let stopped = self.clone().wait();
        async move {
            stopped.await;
            tokio::time::sleep(delay).await;
        }
    }
}

/// The signals that stop the process. It listens from the moment it is made; a signal before that ends the process at once.
struct StopSignals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl StopSignals {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(windows)]
    fn listen() -> std::io::Result<Self> {
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
