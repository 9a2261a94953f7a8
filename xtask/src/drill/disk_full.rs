//! `cargo xtask drill disk-full`: does a disk that is full, or fails, cost anything that was acknowledged?

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::ledger::{Answer, Ledger, Planner, lenient_agent};
use super::storage::{self, Failure};
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Environment, Profile, Server};
use crate::servers::{Durability, Postgres, start_postgres, temporary_directory};

/// More than any of these disks takes.
const ENOUGH_TO_FILL_IT: usize = 20_000;
/// While it is full: each may leave a connection behind in a state that must not last.
const WRITES_IN_VAIN: usize = 30;
/// After it: none of them may be lost.
const WRITES_AFTER: usize = 60;
/// Until everything is as before.
const RECOVERY: Duration = Duration::from_secs(5);
/// The season takes two.
const SQLITE_DISK_MIB: u32 = 16;
/// An empty database takes eight.
const POSTGRES_DISK_MIB: u32 = 32;

#[derive(Args)]
pub(crate) struct Options {
    /// How often the disk fails, in each way
    #[arg(long, default_value_t = 3, value_name = "NUMBER")]
    rounds: u32,
    /// In which ways
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAILURES", default_values_t = Failure::value_variants().to_vec())]
    failures: Vec<Failure>,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    ensure!(cfg!(target_os = "linux"), "this drill knows how to make disks fail on Linux only");
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Dev, &cleanup)?;
    for failure in &options.failures {
        let name = failure.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        println!("==> {name}");
        let site = Site::prepare(*failure, &cleanup)?;
        let start = |more: Environment| {
            Server::start_with(&program, Some(site.databases()), more, &super::log("disk-full")?, &cleanup)
        };
        let server = start(site.environment.clone())?;
        let mut ledger = Ledger::default();
        for round in 1..=options.rounds {
            let planner = Planner::sign_in(&server.url)?;
            let mut names = (0..).map(|number| format!("Drill{name}{round}x{number}"));
            let mut add = || -> Result<Answer> {
                let name = names.next().context("names do not end")?;
                let answer = planner.add(&name)?;
                ledger.note(name, answer.clone());
                Ok(answer)
            };
            site.fail(&server)?;
            until_refused(&mut add, failure.code())?;
            for _ in 0..WRITES_IN_VAIN {
                add()?;
            }
            let said = storage_of(&server)?;
            site.recover(&server)?;
            let took = until_accepted(&mut add)?;
            for _ in 0..WRITES_AFTER {
                let answer = add()?;
                ensure!(answer == Answer::Done, "there is room again, and yet: {answer:?}");
            }
            println!(
                "  round {round}: /readyz said storage \"{said}\"; writes went on {} ms after there was room",
                took.as_millis()
            );
            ensure!(
                said == "full" || *failure == Failure::SyncError,
                "/readyz did not say that the disk is full"
            );
            ensure!(storage_of(&server)? == "ok", "/readyz still says that the disk is full");
        }
        println!("  {:?}", ledger.refusals());
        println!("  as the running server sees it:");
        ledger.check(&Planner::sign_in(&server.url)?.names("Drill")?)?;
        // Killed: nothing can be saved at the end that was not before.
        server.stop();
        let server = start(Environment::new())?;
        println!("  after it was killed and started again:");
        ledger.check(&Planner::sign_in(&server.url)?.names("Drill")?)?;
        server.stop();
    }
    println!("no acknowledged write was lost");
    Ok(ExitCode::SUCCESS)
}

fn until_refused(add: &mut impl FnMut() -> Result<Answer>, code: &str) -> Result<()> {
    for _ in 0..ENOUGH_TO_FILL_IT {
        match add()? {
            Answer::Done => {}
            Answer::Refused(503, found) if found == code => return Ok(()),
            refused => bail!("the disk fails, and the answer is {refused:?}"),
        }
    }
    bail!("{ENOUGH_TO_FILL_IT} writes were acknowledged although the disk fails")
}

fn until_accepted(add: &mut impl FnMut() -> Result<Answer>) -> Result<Duration> {
    let begin = Instant::now();
    while add()? != Answer::Done {
        ensure!(
            begin.elapsed() < RECOVERY,
            "there is room again, but after {RECOVERY:?} writes are still refused"
        );
        sleep(Duration::from_millis(50));
    }
    Ok(begin.elapsed())
}

/// What /readyz says of it.
fn storage_of(server: &Server) -> Result<String> {
    let mut answer = lenient_agent().get(format!("{}/readyz", server.url)).call()?;
    let ready: Value = answer.body_mut().read_json()?;
    Ok(ready["status"]["storage"].as_str().unwrap_or_default().to_owned())
}

/// A database on a disk that can be made to fail.
struct Site {
    failure: Failure,
    database_url: String,
    environment: Environment,
    /// The small disk, the folder of the file, or libfiu's pipe.
    place: PathBuf,
    _postgres: Option<Postgres>,
}

impl Site {
    fn prepare(failure: Failure, cleanup: &Cleanup) -> Result<Self> {
        let sqlite = |folder: &PathBuf| format!("sqlite:///{}", folder.join("season.db").display());
        let site = |database_url, environment, place| Self {
            failure,
            database_url,
            environment,
            place,
            _postgres: None,
        };
        Ok(match failure {
            Failure::Full => {
                let disk = storage::small_disk(SQLITE_DISK_MIB, cleanup)?;
                site(sqlite(&disk), Environment::new(), disk)
            }
            Failure::FileSize => {
                let folder = temporary_directory(cleanup)?;
                site(sqlite(&folder), Environment::new(), folder)
            }
            Failure::WriteError | Failure::SyncError => {
                let (environment, pipe) = storage::fallible(cleanup)?;
                site(sqlite(&temporary_directory(cleanup)?), environment, pipe)
            }
            Failure::Postgres => {
                let postgres = start_postgres(Durability::Server, cleanup)?;
                let disk = storage::small_disk(POSTGRES_DISK_MIB, cleanup)?;
                let tables = disk.join("tables");
                fs::create_dir(&tables)?;
                let url = postgres.create_database_in("small", &tables)?;
                Self { _postgres: Some(postgres), ..site(url, Environment::new(), disk) }
            }
        })
    }

    fn databases(&self) -> Databases {
        Databases { database_url: self.database_url.clone(), redis_url: "fakeredis://".into() }
    }

    fn fail(&self, server: &Server) -> Result<()> {
        match self.failure {
            Failure::Full | Failure::Postgres => storage::fill(&self.place),
            // Far fewer than the 1000 pages after which SQLite begins its log anew: a longer one, once it is in the database, would
            // have room again by itself.
            Failure::FileSize => storage::limit_file_size(server.id(), "300000"),
            _ => storage::switch(server.id(), &self.place, self.calls(), true),
        }
    }

    fn recover(&self, server: &Server) -> Result<()> {
        match self.failure {
            Failure::Full | Failure::Postgres => storage::make_room(&self.place),
            Failure::FileSize => storage::limit_file_size(server.id(), "unlimited"),
            _ => storage::switch(server.id(), &self.place, self.calls(), false),
        }
    }

    fn calls(&self) -> &'static [&'static str] {
        match self.failure {
            Failure::SyncError => &["posix/io/sync/fsync", "posix/io/sync/fdatasync"],
            _ => &["posix/io/rw/pwrite"],
        }
    }
}
