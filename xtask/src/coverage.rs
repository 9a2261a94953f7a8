//! `cargo xtask coverage`: how many of the backend's lines the tests reach.

use std::fs;
use std::io::{IsTerminal, stderr};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::servers::Servers;
use crate::tests;

/// The release whose report this reads.
const CARGO_TARPAULIN: &str = "0.37.5";

/// The project's brief asks for this much, in percent.
const BOUND: f64 = 70.0;

/// Of a test that says nothing for so long, tarpaulin says that it hangs; under ptrace all is slow.
const SILENCE_SECONDS: &str = "300";

/// The part of tarpaulin's report that counts.
#[derive(Deserialize)]
struct Report {
    covered: u32,
    coverable: u32,
}

pub(crate) fn run() -> Result<ExitCode> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "coverage is measured with ptrace: run this on Linux on an x86-64 machine, in a container for example"
    );
    // Not its default features, which send reports to a service; and optimised, because it reads the debug information of
    // the whole program before each test binary.
    cargo::ensure_installed("tarpaulin", CARGO_TARPAULIN, &["--no-default-features"])?;
    let directory = cargo::target_directory()?.join("coverage");
    become_idle()?;
    let cleanup = Cleanup::install()?;
    let servers = Servers::start(&cleanup)?;
    println!("{}", servers.versions());
    let report = directory.join("tarpaulin-report.json");
    // What an earlier run left must not be taken for the result of this one.
    ensure!(!report.exists() || fs::remove_file(&report).is_ok(), "cannot delete {}", report.display());
    let (status, outcome) = tests::tee(command(&directory, &servers), &cleanup)?;
    ensure!(status.success(), "the tests did not pass under tarpaulin: see above");
    tests::ensure_both_databases(&outcome)?;
    let report = fs::read(&report).context("tarpaulin left no report")?;
    let Report { covered, coverable } =
        serde_json::from_slice(&report).context("tarpaulin's report is odd")?;
    ensure!(coverable > 0, "tarpaulin found no line of the backend");
    let percent = 100.0 * f64::from(covered) / f64::from(coverable);
    println!("line by line: {}", directory.join("tarpaulin-report.html").display());
    println!("line coverage: {percent:.1} % (bound: {BOUND} %)");
    Ok(if percent < BOUND { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs this and all that it starts when the processor is idle only, as the program's hashing does: tarpaulin looks after
/// its process in a loop that never rests, and beside that loop a thread of a lower class would hardly get a turn.
#[cfg(target_os = "linux")]
fn become_idle() -> Result<()> {
    use thread_priority::ThreadPriority;
    use thread_priority::unix::{
        NormalThreadSchedulePolicy::Idle, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
        .map_err(|error| anyhow!("cannot be of the idle class: {error}"))
}

#[cfg(not(target_os = "linux"))]
fn become_idle() -> Result<()> {
    Err(anyhow!("there is no idle class here"))
}

fn command(directory: &Path, servers: &Servers) -> Command {
    let mut command = cargo::command("tarpaulin");
    command.args(["--engine", "ptrace", "--locked", "--timeout", SILENCE_SECONDS]);
    // Without `--follow-exec`: what the program does when a test starts it (most of `cli/`) does not count, because
    // tarpaulin would read the debug information again for each start, for several seconds each.
    command.args(["--packages", "coulisses", "--include-files", "backend/src/*"]);
    // Its flags for the compiler differ: in a directory of its own it does not undo what other commands built.
    command.arg("--skip-clean").arg("--target-dir").arg(directory);
    command.args(["--out", "Json", "--out", "Html", "--output-dir"]).arg(directory);
    command.args(["--color", if stderr().is_terminal() { "Always" } else { "Never" }]);
    servers.tell(&mut command);
    command
}
