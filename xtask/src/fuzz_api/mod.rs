//! `cargo xtask fuzz-api`: does the running server keep what its OpenAPI document promises?

mod log;
mod report;
mod run;

use std::panic::resume_unwind;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use self::run::{DATABASES, Outcome, PERSONAS, Run};
use crate::cargo;
use crate::cleanup::Cleanup;
use crate::python;
use crate::server::{self, Profile};

const REQUIREMENTS: &str = include_str!("../../fuzz-api/requirements.txt");

#[derive(Args)]
pub(crate) struct Options {
    /// The most that each of the runs may take; one that is not finished by then has failed
    #[arg(long, default_value_t = 240, value_name = "SECONDS")]
    seconds: u64,
    /// Cases for each operation in the phase fuzzing, and scenarios in the phase stateful
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    examples: u32,
    /// Decides what is generated: the same seed, the same cases
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    seed: u32,
    /// A quick loop without servers: leave out the runs on PostgreSQL and Redis
    #[arg(long)]
    sqlite_only: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let directory = cargo::target_directory()?.join("fuzz-api");
    let schemathesis = python::programs(&directory, "schemathesis", REQUIREMENTS)?.join("schemathesis");
    let program = server::build(Profile::Dev, &cleanup)?;
    if options.sqlite_only {
        println!("--sqlite-only: no servers; the runs on PostgreSQL are left out");
    }
    let databases = DATABASES.iter().filter(|database| !(options.sqlite_only && database.needs_servers()));
    let run = |database, persona| Run {
        database,
        persona,
        schemathesis: &schemathesis,
        program: &program,
        directory: &directory,
        limit: Duration::from_secs(options.seconds),
        examples: options.examples,
        seed: options.seed,
    };
    let mut outcomes = Vec::new();
    for persona in PERSONAS {
        // A run alone uses one core: schemathesis waits for the server, or the server for schemathesis.
        let beside_each_other: Vec<_> = databases.clone().map(|database| run(*database, persona)).collect();
        outcomes.extend(carry_out(&beside_each_other, &cleanup)?);
    }
    print_table(&outcomes);
    let failed = outcomes.iter().filter(|outcome| !outcome.passed).count();
    println!("fuzz-api: {} runs, {failed} of them failed", outcomes.len());
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All at the same time.
fn carry_out(runs: &[Run<'_>], cleanup: &Cleanup) -> Result<Vec<Outcome>> {
    thread::scope(|scope| {
        let started: Vec<_> = runs.iter().map(|run| scope.spawn(|| run.carry_out(cleanup))).collect();
        started.into_iter().map(|run| run.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

fn print_table(outcomes: &[Outcome]) {
    println!(
        "{:<10}  {:<9}  {:>10}  {:>12}  {:>6}  {:>8}  {:>8}  {:>7}",
        "database", "persona", "operations", "answered 2xx", "cases", "requests", "failures", "seconds"
    );
    for outcome in outcomes {
        let Outcome { database, persona, operations, answered, cases, requests, failures, seconds, passed } =
            outcome;
        let verdict = if *passed { "" } else { "  FAILED" };
        println!(
            "{database:<10}  {persona:<9}  {operations:>10}  {answered:>12}  {cases:>6}  {requests:>8}  {failures:>8}  {seconds:>7.1}{verdict}"
        );
    }
}
