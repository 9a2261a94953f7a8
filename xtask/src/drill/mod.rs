//! `cargo xtask drill`: the real server in trouble; what do its clients notice, and is what it acknowledged there afterwards?
//!
//! A drill brings the trouble. What those that measure share: the server with the demonstration's season on SQLite ([`start`]), reading it
//! as a signed-in planner ([`latency`]), and comparing rounds without and with the trouble ([`comparison`]).

mod comparison;
mod crowd;
mod disk_full;
mod distributed;
#[cfg(unix)]
mod events;
mod instance;
mod jobs;
mod kills;
mod latency;
mod ledger;
mod load;
mod login_flood;
mod mail;
#[cfg(unix)]
mod mail_server;
mod migrators;
mod moving;
mod neighbour;
mod noisy_neighbour;
mod pg_stop;
mod reading;
#[cfg(unix)]
mod redis_stop;
mod reminders;
#[cfg(unix)]
mod rolling_restart;
mod slow_sockets;
mod smtp;
mod storage;
#[cfg(unix)]
mod upgrade;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile, Server};
use crate::servers::Postgres;

#[derive(Subcommand)]
pub(crate) enum Drill {
    /// Thousands of sockets that say nothing, drip, or do not read
    SlowSockets(slow_sockets::Options),
    /// A flood of wrong passwords, from one place and from everywhere
    LoginFlood(login_flood::Options),
    /// A disk that is full or fails, and has room again
    DiskFull(disk_full::Options),
    /// A PostgreSQL that crashes under writes and comes back
    PgStop(pg_stop::Options),
    /// An organisation that asks for all it can: large lists, bulk requests, conflicts, guesses
    NoisyNeighbour(noisy_neighbour::Options),
    /// Processes that migrate one database at once
    Migrators(migrators::Options),
    /// Jobs whose instances are killed while they carry them out
    Jobs(jobs::Options),
    /// A mail server in trouble, and instances that are killed while they send
    Mail(mail::Options),
    /// The walk and the races over a PostgreSQL that distributes the tables
    Distributed(distributed::Options),
    /// Reminders and digests whose instances are killed while they queue and send them
    Reminders(reminders::Options),
    /// Servers that are killed again and again under writes
    Kills(kills::Options),
    /// A Redis that is paused, killed, started again and emptied under writes and reads
    #[cfg(unix)]
    RedisStop(redis_stop::Options),
    /// Streams of what changes: how soon, for how much memory, and whether anybody misses anything
    #[cfg(unix)]
    Events(events::Options),
    /// Two instances behind nginx that are stopped and started one after the other under load
    #[cfg(unix)]
    RollingRestart(rolling_restart::Options),
    /// Many rows from SQLite to PostgreSQL and back, and backups under writes
    Moving(moving::Options),
    /// Instances of a release that serve while the schema is brought up to date, and are replaced one by one
    #[cfg(unix)]
    Upgrade(upgrade::Options),
    /// Each kind of mail through Postfix, over STARTTLS and with a login
    #[cfg(unix)]
    MailServer(mail_server::Options),
}

pub(crate) fn run(drill: &Drill) -> Result<ExitCode> {
    match drill {
        Drill::SlowSockets(options) => slow_sockets::run(options),
        Drill::LoginFlood(options) => login_flood::run(options),
        Drill::DiskFull(options) => disk_full::run(options),
        Drill::PgStop(options) => pg_stop::run(options),
        Drill::NoisyNeighbour(options) => noisy_neighbour::run(options),
        Drill::Migrators(options) => migrators::run(options),
        Drill::Jobs(options) => jobs::run(options),
        Drill::Mail(options) => mail::run(options),
        Drill::Distributed(options) => distributed::run(options),
        Drill::Reminders(options) => reminders::run(options),
        Drill::Kills(options) => kills::run(options),
        #[cfg(unix)]
        Drill::RedisStop(options) => redis_stop::run(options),
        #[cfg(unix)]
        Drill::Events(options) => events::run(options),
        #[cfg(unix)]
        Drill::RollingRestart(options) => rolling_restart::run(options),
        Drill::Moving(options) => moving::run(options),
        #[cfg(unix)]
        Drill::Upgrade(options) => upgrade::run(options),
        #[cfg(unix)]
        Drill::MailServer(options) => mail_server::run(options),
    }
}

/// Its log stays under `target/drill`.
fn start(cleanup: &Cleanup) -> Result<Server> {
    start_on(None, cleanup)
}

/// The same over this PostgreSQL server, if there is one.
fn start_on(postgres: Option<&Postgres>, cleanup: &Cleanup) -> Result<Server> {
    let program = server::build(Profile::Release, cleanup)?;
    let on = |postgres: &Postgres| Databases {
        database_url: postgres.url.clone(),
        redis_url: "fakeredis://".into(),
    };
    Server::start(&program, postgres.map(on), &log("server")?, cleanup)
}

/// Where a server of this name logs.
fn log(name: &str) -> Result<PathBuf> {
    let directory = cargo::target_directory()?.join("drill");
    fs::create_dir_all(&directory).context("cannot create a directory under target")?;
    Ok(directory.join(format!("{name}.log")))
}
