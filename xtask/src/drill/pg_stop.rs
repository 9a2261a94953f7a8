//! `cargo xtask drill pg-stop`: a PostgreSQL that stops or crashes under a load of writes and comes back.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail, ensure};
use clap::Args;

use super::ledger::{Answer, Ledger, Planner, lenient_agent};
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile, Server};
use crate::servers::{Durability, start_postgres};

/// Before the crash, and once it is over.
const CALM: Duration = Duration::from_secs(2);
/// Until everything is as before.
const RECOVERY: Duration = Duration::from_secs(5);
/// Between two tries of the same write.
const PAUSE: Duration = Duration::from_millis(100);
/// What a write may be answered while the database is away.
const WHILE_AWAY: [&str; 4] = ["unavailable", "outcome_unknown", "contended", "timed_out"];

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
        let load = Load::begin(&server.url, round, options.writers)?;
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

/// Clients that write, each again and again under one key until it is acknowledged.
struct Load {
    over: Arc<AtomicBool>,
    writers: Vec<JoinHandle<Result<Ledger>>>,
}

impl Load {
    fn begin(url: &str, round: u32, writers: usize) -> Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let mut all = Vec::new();
        for writer in 0..writers {
            let (planner, over) = (Planner::sign_in(url)?, over.clone());
            all.push(thread::spawn(move || {
                let mut ledger = Ledger::default();
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("Drill{round}x{writer}x{number}");
                    let answer = write(&planner, &name, &mut ledger, &over)?;
                    if answer == Answer::Done {
                        ledger.note(name, answer);
                    }
                }
                Ok(ledger)
            }));
        }
        Ok(Self { over, writers: all })
    }

    fn end(self) -> Result<Ledger> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Ledger::default();
        for writer in self.writers {
            all.extend(writer.join().map_err(|_| anyhow!("a writer panicked"))??);
        }
        Ok(all)
    }
}

/// The last answer to it.
fn write(planner: &Planner, name: &str, ledger: &mut Ledger, over: &AtomicBool) -> Result<Answer> {
    let mut tried = false;
    loop {
        match planner.add(name)? {
            Answer::Done => return Ok(Answer::Done),
            Answer::Refused(503, code) if WHILE_AWAY.contains(&code.as_str()) => {
                let refused = Answer::Refused(503, code);
                ledger.count(&refused);
                if over.load(Ordering::Relaxed) && tried {
                    return Ok(refused);
                }
            }
            // Signing in again is not what this is about.
            other => bail!("a write is answered {other:?}"),
        }
        tried = true;
        sleep(PAUSE);
    }
}
