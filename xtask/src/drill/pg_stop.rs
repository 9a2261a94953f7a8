//! `cargo xtask drill pg-stop`: a PostgreSQL that stops or crashes under a load of writes and comes back.

use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use clap::Args;

use super::ledger::{Ledger, Planner, lenient_agent};
use super::load::{Load, PAUSE, Tolerance};
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile, Server};
use crate::servers::{Durability, start_postgres};

/// Before the crash, and once it is over.
const CALM: Duration = Duration::from_secs(2);
/// Until everything is as before.
const RECOVERY: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(crate) struct Options {
    /// How often the database goes: in turn like a crash and in good order
    #[arg(long, default_value_t = 3, value_name = "NUMBER")]
    rounds: u32,
    /// How long it is away each time
    #[arg(long, default_value_t = 10, value_name = "SECONDS")]
    seconds: u64,
    /// Clients that write
    #[arg(long, default_value_t = 8, value_name = "NUMBER")]
    writers: usize,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Dev, &cleanup)?;
    let postgres = start_postgres(Durability::Server, &cleanup)?;
    let on = Databases { database_url: postgres.url.clone(), redis_url: "fakeredis://".into() };
    let server = Server::start(&program, Some(on), &super::log("pg-stop")?, &cleanup)?;
    let mut ledger = Ledger::default();
    for round in 1..=options.rounds {
        let load = Load::begin(&[&server.url], round, options.writers, Tolerance::Away)?;
        sleep(CALM);
        let mode = if round % 2 == 1 { "immediate" } else { "fast" };
        postgres.stop(mode)?;
        let away = Instant::now();
        sleep(Duration::from_millis(200));
        while away.elapsed() < Duration::from_secs(options.seconds) {
            let live = status(&server, "/livez")?;
            ensure!(live == 200, "/livez is answered {live}");
            let begin = Instant::now();
            let ready = status(&server, "/readyz")?;
            ensure!(ready == 503, "/readyz is answered {ready} while the database is away");
            ensure!(begin.elapsed() < Duration::from_secs(2), "/readyz took {:?}", begin.elapsed());
            sleep(PAUSE);
        }
        postgres.start_again()?;
        let back = Instant::now();
        while status(&server, "/readyz")? != 200 {
            ensure!(back.elapsed() < RECOVERY, "after {RECOVERY:?} /readyz is still not 200");
            sleep(Duration::from_millis(20));
        }
        let took = back.elapsed();
        sleep(CALM);
        let answers = load.end()?;
        println!(
            "round {round}, {mode}: ready {} ms after the database was back; {:?}",
            took.as_millis(),
            answers.refusals()
        );
        ledger.extend(answers);
    }
    ledger.check(&Planner::sign_in(&server.url)?.names("Drill")?)?;
    server.stop();
    println!("no acknowledged write was lost, none was done twice");
    Ok(ExitCode::SUCCESS)
}

fn status(server: &Server, path: &str) -> Result<u16> {
    Ok(lenient_agent().get(format!("{}{path}", server.url)).call()?.status().as_u16())
}
