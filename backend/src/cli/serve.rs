//! `coulisses serve`.

use super::{CliError, migrate, start};
use crate::{
    app,
    config::Config,
    db::TIME_ASKED_EVERY,
    error::Error,
    http::{
        idempotency,
        serving::{self, Patience},
    },
    resources::accounts::{links, record_refusals, sessions},
    state::App,
    telemetry,
};
use clap::Args;
use std::{future::Future, io::ErrorKind, net::SocketAddr};
use tokio::net::TcpListener;

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

/// Says something to whoever reads the log.
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

/// Serves until the process is told to stop, then finishes what was begun.
pub(super) async fn serve(app: App, listener: TcpListener) -> Result<(), CliError> {
    let failed = |source| CliError::Io { what: "cannot serve".into(), source };
    let address = listener.local_addr().map_err(failed)?;
    open_as_many_files_as_allowed();
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    survive_limits_of_file_size();
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(%address, version, database = %app.config.database_url, "serving");
    for doubt in app.config.doubts() {
        tracing::warn!("{doubt}");
    }
    // A server that is out of reach is told of once, now rather than at the first request.
    app.cache.status().await;
    let grace = app.config.shutdown_grace;
    let stopping = app.clone();
    let stopped = CancelOnStop::new(async move {
        stop_signal().await;
        stopping.drain();
        tracing::info!(
            "stopping: /readyz says so, requests under way are finished; a second Ctrl-C stops at once"
        );
        tokio::spawn(stop_at_once_when_told_again());
        tokio::time::sleep(stopping.config.shutdown_delay).await;
    });
    // The last part of the grace is for what is to be finished when the clients are gone.
    let (deadline, over) = (stopped.after(grace * 4 / 5), stopped.after(grace));
    let housekeeping = tokio::spawn(keep_house(app.clone(), stopped.clone().wait()));
    let serving = serving::serve(listener, app::service(app.clone()), Patience::default(), stopped.wait());
    tokio::select! {
        () = serving => {}
        () = deadline => tracing::warn!("stopped waiting for clients that do not finish"),
    }
    tokio::select! {
        closed = finish(&app, housekeeping) => {
            closed?;
            tracing::info!("stopped");
        }
        () = over => tracing::error!("stopped without waiting any longer: what was under way is undone by the database"),
    }
    Ok(())
}

/// What is to be done when no client is served any more.
async fn finish(app: &App, housekeeping: tokio::task::JoinHandle<()>) -> Result<(), sea_orm::DbErr> {
    app.tasks.close();
    app.tasks.wait().await;
    // Not cut off in the middle: what it had taken to write would be lost.
    told(housekeeping.await.map_err(|error| Error::internal(error)), "the housekeeping ended early");
    told(record_refusals(&app.db, &app.refusals, true).await, "refused sign-ins could not be recorded");
    app.telemetry.stop().await;
    app.db.close().await
}

/// Every connection is an open file, and the limit that a process starts with is often 1024.
fn open_as_many_files_as_allowed() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::debug!(limit, "open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files cannot be raised"),
    }
}

/// A write beyond `ulimit -f` fails, and is answered as a full disk is, only while somebody listens for the signal that
/// comes with it; else the system ends the program.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn survive_limits_of_file_size() {
    const SIGXFSZ: i32 = 25;
    // The handler stays when what it would wake is dropped.
    if let Err(error) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(SIGXFSZ)) {
        tracing::warn!(%error, "a limit of file size (ulimit -f) would end the program");
    }
}

/// Once an hour, deletes the answers to repeatable requests, the links and the sessions that have been kept long enough;
/// once a minute, records the sign-ins that were refused; more often than that, asks the database what time it is.
async fn keep_house(app: App, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    let mut hours = tokio::time::interval(std::time::Duration::from_secs(3600));
    let mut minutes = tokio::time::interval(std::time::Duration::from_secs(60));
    let mut times = tokio::time::interval(TIME_ASKED_EVERY);
    loop {
        tokio::select! {
            () = &mut stopped => return,
            _ = hours.tick() => {
                told(idempotency::forget_old_answers(&app.db).await, "old answers could not be deleted");
                let tokens = links::forget_old(&app.db).await;
                told(tokens, "old links could not be deleted");
                told(sessions::forget_old(&app.db).await, "old sessions could not be deleted");
            }
            _ = minutes.tick() => {
                told(record_refusals(&app.db, &app.refusals, false).await, "refused sign-ins could not be recorded");
            }
            _ = times.tick() => {
                told(app.db.follow_clock().await, "the database does not say what time it is");
            }
        }
    }
}

/// Nobody waits for the housekeeping, so what fails there is only in the log.
fn told<T>(done: Result<T, Error>, failed: &str) {
    if let Err(error) = done {
        tracing::warn!(%error, cause = ?error.cause(), "{failed}");
    }
}

/// Something that happens once and that several wait for.
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

/// Whoever presses Ctrl-C twice does not want to wait. What was answered is durable; what was not is undone by the database.
async fn stop_at_once_when_told_again() {
    if tokio::signal::ctrl_c().await.is_ok() {
        super::fail("stopped at once");
        // 128 and the number of SIGINT, as shells have it.
        std::process::exit(130);
    }
}

/// Ctrl-C, or what a service manager sends.
async fn stop_signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            let _ = interrupted.await;
            return;
        };
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupted.await;
    }
}
