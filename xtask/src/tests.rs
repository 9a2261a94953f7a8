//! `cargo xtask test`: all tests, with the servers they need.

use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write, stderr, stdout};
use std::num::NonZero;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::outcome::{Count, Outcome};
use crate::process::Process;
use crate::provoked::Provoked;
use crate::servers::Servers;

/// How many tests run at once. They wait for servers and browsers for a good part of their time: on two cores 101 tests of the
/// edge took 38.8 s with two at once, 30.6 with three and 30.3 with four.
const THREADS: &str = "RUST_TEST_THREADS";

#[derive(Args)]
pub(crate) struct Options {
    /// Run only the tests whose name contains this
    name: Option<String>,
    /// A quick loop without servers: leave out the tests on PostgreSQL, Redis, Prometheus, a mail server, a browser and readers of calendars
    #[arg(long)]
    sqlite_only: bool,
    /// Arguments for the test harness
    #[arg(last = true)]
    harness: Vec<String>,
}

impl Options {
    /// For the test that takes pictures.
    fn of_pictures() -> Self {
        Self {
            name: Some("every_page_as_a_picture".into()),
            sqlite_only: false,
            harness: vec!["--ignored".into()],
        }
    }

    /// Whether not all tests are asked for.
    pub(crate) fn is_a_part(&self) -> bool {
        self.name.is_some() || self.sqlite_only || !self.harness.is_empty()
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let servers = if options.sqlite_only {
        println!(
            "--sqlite-only: no servers; tests named after Postgres, Redis, Prometheus, Smtp, Chromium or Readers are left out"
        );
        None
    } else {
        let servers = Servers::start(&cleanup)?;
        println!("{}", servers.versions());
        Some(servers)
    };
    let provoked = Provoked::new(options)?;
    let (status, outcome) = tee(command(options, servers.as_ref(), &provoked), &cleanup)?;
    if outcome.selected > 0 {
        print_summary(&outcome, servers.as_ref());
    }
    if status.success() {
        ensure_tests_ran(options, &outcome)?;
        provoked.ensure_every_documented_code()?;
    }
    Ok(cargo::exit_code(status))
}

/// Leaves pictures of all pages under target.
pub(crate) fn take_pictures() -> Result<ExitCode> {
    let code = run(&Options::of_pictures())?;
    println!("pages: {}", cargo::target_directory()?.join("pages").join("index.html").display());
    Ok(code)
}

fn command(options: &Options, servers: Option<&Servers>, provoked: &Provoked) -> Command {
    let mut command = cargo::command("test");
    // The floor has nothing that a test could tell sooner than the benchmark, and libraries that take a while to build.
    command.args(["--workspace", "--exclude", "bench"]).args(&options.name);
    if stderr().is_terminal() {
        command.args(["--color", "always"]);
    }
    command.arg("--");
    match servers {
        Some(servers) => servers.tell(&mut command),
        None => {
            for name in ["Postgres", "Redis", "Prometheus", "Smtp", "Chromium", "Readers"] {
                command.args(["--skip", name]);
            }
            Servers::tell_of_none(&mut command);
        }
    }
    command.args(&options.harness);
    if env::var_os(THREADS).is_none() {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        command.env(THREADS, (cores + 1).to_string());
    }
    provoked.tell(&mut command);
    command
}

/// Runs a command of cargo and passes its output on while reading it.
pub(crate) fn tee(mut command: Command, cleanup: &Cleanup) -> Result<(ExitStatus, Outcome)> {
    command.stdout(Stdio::piped());
    // On a terminal cargo draws its progress there; in a log file both streams must not mix in a line.
    if !stderr().is_terminal() {
        command.stderr(Stdio::piped());
    }
    let (mut output, mut errors) = (None, None);
    // A termination signal reaches this process alone.
    let child = Process::start_with(&mut command, cleanup, |child| {
        (output, errors) = (child.stdout.take(), child.stderr.take());
    })?;
    let output = output.context("cargo has no output")?;
    let mut outcome = Outcome::default();
    thread::scope(|scope| {
        let errors = errors.map(|errors| scope.spawn(|| pass_on(errors, stderr(), |_| ())));
        pass_on(output, stdout(), |line| outcome.read(line))?;
        errors.map_or(Ok(()), |errors| errors.join().unwrap_or(Ok(())))
    })
    .context("cannot pass on the output of cargo")?;
    let status = child.wait(None)?.context("cargo was lost")?;
    Ok((status, outcome))
}

fn pass_on(source: impl Read, mut sink: impl Write, mut see: impl FnMut(&str)) -> io::Result<()> {
    static ONE_LINE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let (mut source, mut line) = (BufReader::new(source), Vec::new());
    while source.read_until(b'\n', &mut line)? > 0 {
        let _turn = ONE_LINE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        sink.write_all(&line)?;
        sink.flush()?;
        see(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}

fn print_summary(outcome: &Outcome, servers: Option<&Servers>) {
    let line = |Count { passed, failed }| format!("{passed} passed, {failed} failed");
    println!("sqlite: {}", line(outcome.sqlite));
    if let Some(servers) = servers {
        println!("postgresql: {} (PostgreSQL {})", line(outcome.postgres), servers.postgres_version);
        println!("redis: {}", servers.redis_version);
    }
}

/// A run in which nothing was tested must not look like success.
fn ensure_tests_ran(options: &Options, outcome: &Outcome) -> Result<()> {
    if let Some(name) = &options.name {
        ensure!(outcome.selected > 0, "no test has a name that contains \"{name}\"");
        return Ok(());
    }
    if options.sqlite_only { ensure_ran("SQLite", outcome.sqlite) } else { ensure_both_databases(outcome) }
}

pub(crate) fn ensure_both_databases(outcome: &Outcome) -> Result<()> {
    ensure_ran("SQLite", outcome.sqlite)?;
    ensure_ran("PostgreSQL", outcome.postgres)
}

fn ensure_ran(database: &str, count: Count) -> Result<()> {
    ensure!(!count.is_zero(), "not one test ran on {database}");
    Ok(())
}
