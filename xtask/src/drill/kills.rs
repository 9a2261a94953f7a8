//! `cargo xtask drill kills`: servers that are killed (`kill -9`) again and again while clients write. On SQLite it is one, over its
//! file; on PostgreSQL one of two, in turn.

use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};

use super::instance::Instance;
use super::ledger::Planner;
use super::load::{Load, Tolerance};
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile};
use crate::servers::{Durability, start_postgres, temporary_directory};

/// From a server that serves to its next end: never the same, so that it meets every stage of a write.
const SHORTEST: Duration = Duration::from_millis(150);
const LONGER_EACH: Duration = Duration::from_millis(17);

#[derive(Clone, Copy, ValueEnum)]
enum On {
    Sqlite,
    Postgres,
}

#[derive(Args)]
pub(crate) struct Options {
    /// How often a server is killed
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    kills: u32,
    /// Clients that write
    #[arg(long, default_value_t = 8, value_name = "NUMBER")]
    writers: usize,
    /// On one database only
    #[arg(long)]
    database: Option<On>,
    /// Built for development
    #[arg(long)]
    dev: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(if options.dev { Profile::Dev } else { Profile::Release }, &cleanup)?;
    for on in options.database.map_or(vec![On::Sqlite, On::Postgres], |on| vec![on]) {
        kill(&program, on, options, &cleanup)?;
    }
    println!("no acknowledged write was lost, none was done twice");
    Ok(ExitCode::SUCCESS)
}

fn kill(program: &Path, on: On, options: &Options, cleanup: &Cleanup) -> Result<()> {
    let directory = temporary_directory(cleanup)?;
    let (name, url, instances) = match on {
        On::Sqlite => ("kills-sqlite", format!("sqlite:///{}", directory.join("season.db").display()), 1),
        On::Postgres => ("kills-postgresql", start_postgres(Durability::Server, cleanup)?.url, 2),
    };
    let mut all = Vec::new();
    for number in 0..instances {
        let on = Databases { database_url: url.clone(), redis_url: "fakeredis://".into() };
        let more = vec![("TRUSTED_PROXIES", "127.0.0.1".into())];
        all.push(Instance::start((name, number), program, (on, more), cleanup)?);
    }
    let urls: Vec<_> = all.iter().map(|one| one.server.url.clone()).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let load = Load::begin(&urls, 1, options.writers, Tolerance::Killed)?;
    let (begin, mut longest) = (Instant::now(), Duration::ZERO);
    for kill in 0..options.kills {
        sleep(SHORTEST + LONGER_EACH * (kill % 13));
        let instance = &mut all[kill as usize % instances];
        ensure!(instance.server.is_ready(), "an instance of {name} ended by itself: see target/drill");
        let killed = Instant::now();
        instance.start_again()?;
        longest = longest.max(killed.elapsed());
    }
    let answers = load.end()?;
    println!(
        "{name}: {} kills of {instances} in {} s, ready again after {} ms at most; {:?}",
        options.kills,
        begin.elapsed().as_secs(),
        longest.as_millis(),
        answers.refusals()
    );
    answers.check(&Planner::sign_in(urls[0])?.names("Drill")?)?;
    all.into_iter().for_each(|one| drop(one.server.stop()));
    Ok(())
}
