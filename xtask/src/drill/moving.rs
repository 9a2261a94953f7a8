//! `cargo xtask drill moving`: do many rows move from a file to a server and back without loss, in little memory, and has a
//! backup that is made under writes all that was acknowledged before it?

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use super::ledger::{Answer, Planner};
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::server::{self, Databases, Environment, Profile, Server, build_floor};
use crate::servers::{Durability, start_postgres, tail, temporary_directory};

const EMAIL: &str = "moving@people.example";
/// Every second mission has somebody on it, and an org has a thousand missions.
const MISSIONS_OF_ASSIGNMENT: u64 = 2;
const MISSIONS_OF_ORG: u64 = 1000;
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
const WRITERS: usize = 4;
/// Writes that were acknowledged before the backup begins, and how many more there are at least.
const BEFORE: usize = 400;
/// What the header holds more than the rows is the same whatever is moved; a copy of all rows in memory would be a hundred times this.
const MOST_MIB: u64 = 128;

#[derive(Args)]
pub(crate) struct Options {
    /// How many assignments are moved, with twice as many missions and roles
    #[arg(long, default_value_t = 20_000, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1000..))]
    assignments: u64,
    /// How often a backup is made under writes
    #[arg(long, default_value_t = 3, value_name = "NUMBER")]
    backups: usize,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Release, &cleanup)?;
    let floor = build_floor(&cleanup)?;
    let home = temporary_directory(&cleanup)?;
    let drill = Drill { program, home, log: super::log("moving")?, cleanup: &cleanup };
    let moved = drill.there_and_back(&floor, options.assignments)?;
    let mut kept = true;
    for number in 0..options.backups {
        kept &= drill.back_up_under_writes(number)?;
    }
    Ok(if moved && kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Drill<'a> {
    program: PathBuf,
    home: PathBuf,
    log: PathBuf,
    cleanup: &'a Cleanup,
}

/// A command that ended well.
struct Ran {
    what: String,
    seconds: f64,
    /// Resident at most, in MiB; 0 where the system does not tell.
    peak_mib: u64,
    said: String,
}

impl Ran {
    fn checksum(&self) -> Result<&str> {
        let line = self.said.lines().find_map(|line| line.strip_prefix("checksum "));
        line.with_context(|| format!("`{}` printed no checksum", self.what))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checksum = self.checksum().map_or("", |checksum| &checksum[..16]);
        write!(f, "{:<22}  {:>8.1} s  {:>5} MiB  {checksum}", self.what, self.seconds, self.peak_mib)
    }
}

impl Drill<'_> {
    /// SQLite → PostgreSQL → SQLite.
    fn there_and_back(&self, floor: &Path, assignments: u64) -> Result<bool> {
        let postgres = start_postgres(Durability::Server, self.cleanup)?;
        let (file, back) = (self.sqlite("moved.db"), self.sqlite("back.db"));
        self.run(&file, "migrate up", &["migrate", "up"])?;
        self.run(&file, "org create", &["org", "create", "--name", "Moving", "--owner-email", EMAIL])?;
        let begin = Instant::now();
        fill(floor, &self.home.join("moved.db"), assignments)?;
        println!("filled in {:.1} s", begin.elapsed().as_secs_f64());
        let exports =
            ["a.jsonl", "b.jsonl", "c.jsonl"].map(|name| self.home.join(name).display().to_string());
        let mut checksums = BTreeSet::new();
        let mut passed = true;
        for (database, what, command, export) in [
            (&file, "export from SQLite", ["export", "--out"], 0),
            (&postgres.url, "import into PostgreSQL", ["import", "--in"], 0),
            (&postgres.url, "export from PostgreSQL", ["export", "--out"], 1),
            (&back, "import into SQLite", ["import", "--in"], 1),
            (&back, "export from SQLite", ["export", "--out"], 2),
        ] {
            let [verb, option] = command;
            let ran = self.run(database, what, &[verb, option, &exports[export]])?;
            println!("{ran}");
            passed &= ran.peak_mib <= MOST_MIB;
            checksums.insert(ran.checksum()?.to_owned());
        }
        let bytes = fs::metadata(&exports[0])?.len();
        let rows = postgres.sql("SELECT count(*) FROM assignments")?;
        println!("{rows} assignments, {} MB of JSON lines, {} checksum", bytes / 1_000_000, checksums.len());
        exports.iter().try_for_each(fs::remove_file)?;
        Ok(passed && checksums.len() == 1 && rows == assignments.to_string())
    }

    /// Whether all that was acknowledged before a backup began is in what is restored from it.
    fn back_up_under_writes(&self, number: usize) -> Result<bool> {
        let database = self.sqlite(&format!("season-{number}.db"));
        let server = self.serve(&database)?;
        let copy = self.home.join(format!("copy-{number}.db")).display().to_string();
        let (acknowledged, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
        let (before, ran) = thread::scope(|scope| {
            let (url, acknowledged, stop) = (&server.url, &acknowledged, &stop);
            let start =
                |writer| scope.spawn(move || write(url, number, writer_of(writer), acknowledged, stop));
            let writers: Vec<_> = (0..WRITERS).map(start).collect();
            let backed_up = (|| {
                let begin = Instant::now();
                while count(acknowledged) < BEFORE {
                    ensure!(begin.elapsed() < Duration::from_secs(60), "writes are not acknowledged");
                    sleep(LOOK_EVERY);
                }
                let before = names(acknowledged);
                let ran = self.run(&database, "backup under writes", &["backup", "--out", &copy])?;
                Ok((before, ran))
            })();
            stop.store(true, Ordering::Relaxed);
            for writer in writers {
                writer.join().map_err(|_| anyhow::anyhow!("a writer panicked"))??;
            }
            backed_up
        })?;
        server.stop();
        let all = names(&acknowledged);
        let restored = self.sqlite(&format!("restored-{number}.db"));
        self.run(&restored, "restore", &["restore", "--in", &copy])?;
        let server = self.serve(&restored)?;
        let there = Planner::sign_in(&server.url)?.names(&format!("Moving{number}"))?;
        server.stop();
        let lost = before.iter().filter(|name| !there.contains_key(*name)).count();
        let phantoms = there.keys().filter(|name| !all.contains(*name)).count();
        println!(
            "{ran}  {} acknowledged before it, {} in all, {} in the copy: {lost} lost, {phantoms} that nobody was told of",
            before.len(),
            all.len(),
            there.len()
        );
        // One that was under way when it began may be in it, and its answer come later.
        Ok(lost == 0 && phantoms <= WRITERS)
    }

    fn serve(&self, database: &str) -> Result<Server> {
        let on = Databases { database_url: database.to_owned(), redis_url: "fakeredis://".into() };
        Server::start_with(
            &self.program,
            Some(on),
            Environment::new(),
            &super::log("moving-server")?,
            self.cleanup,
        )
    }

    fn sqlite(&self, name: &str) -> String {
        format!("sqlite:///{}", self.home.join(name).display())
    }

    fn run(&self, database: &str, what: &str, arguments: &[&str]) -> Result<Ran> {
        let on = Databases { database_url: database.to_owned(), redis_url: "fakeredis://".into() };
        let mut command = server::command(&self.program, &server::environment(0, on), &self.home, arguments);
        let output = File::create(&self.log).context("cannot write a log")?;
        command.stdout(output.try_clone()?).stderr(output);
        let begin = Instant::now();
        let process = Process::start(&mut command, self.cleanup)?;
        let mut peak_mib = 0;
        while !process.has_ended()? {
            peak_mib = peak(process.id()).unwrap_or(peak_mib);
            sleep(LOOK_EVERY);
        }
        let seconds = begin.elapsed().as_secs_f64();
        let succeeded = process.wait(None)?.is_some_and(|status| status.success());
        ensure!(succeeded, "`{}` failed:\n{}", arguments.join(" "), tail(&self.log));
        Ok(Ran { what: what.to_owned(), seconds, peak_mib, said: fs::read_to_string(&self.log)? })
    }
}

/// Writes rows by SQL, as `cargo xtask bench` does.
fn fill(floor: &Path, database: &Path, assignments: u64) -> Result<()> {
    let missions = assignments * MISSIONS_OF_ASSIGNMENT;
    let orgs = (missions / MISSIONS_OF_ORG).max(1);
    let mut command = Command::new(floor);
    command.arg("fill").arg("--database").arg(database).args(["lists", "--email", EMAIL]);
    command.args(["--missions", &missions.to_string(), "--orgs", &orgs.to_string()]);
    let output = command.output().context("the floor does not start")?;
    ensure!(output.status.success(), "nothing is filled: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The most memory that a process had until now, in MiB.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib / 1024)
}

fn writer_of(number: usize) -> char {
    char::from(b'a' + u8::try_from(number).unwrap_or_default())
}

/// Adds people until it is told to stop.
fn write(
    url: &str,
    number: usize,
    writer: char,
    acknowledged: &Mutex<Vec<String>>,
    stop: &AtomicBool,
) -> Result<()> {
    let planner = Planner::sign_in(url)?;
    for write in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let name = format!("Moving{number}{writer}{write}");
        match planner.add(&name)? {
            Answer::Done => acknowledged.lock().unwrap_or_else(|broken| broken.into_inner()).push(name),
            refused => bail!("a write is answered {refused:?}"),
        }
    }
    Ok(())
}

fn names(acknowledged: &Mutex<Vec<String>>) -> BTreeSet<String> {
    acknowledged.lock().unwrap_or_else(|broken| broken.into_inner()).iter().cloned().collect()
}

fn count(acknowledged: &Mutex<Vec<String>>) -> usize {
    acknowledged.lock().unwrap_or_else(|broken| broken.into_inner()).len()
}
