//! `floor`: what the product's speed is measured against, and what measuring it takes.
//!
//! `floor serve` does the same I/O as the product and nothing else: no tokens, no rules, no limits, no log. Its distance to
//! the product is what the product's own work costs. `create` and `fill` make the data that both read, `plan` shows how
//! PostgreSQL reads it, `plot` draws the report. `cargo xtask bench` runs all of them; they are here because of the libraries
//! that they need, which the tests should not have to build.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on the terminal")]

mod clock;
mod fill;
mod model;
mod plan;
mod plot;
mod postgres;
mod serve;
mod sql;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "floor", about = "What the product's speed is measured against")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the same I/O as the product and nothing else
    Serve(serve::Options),
    /// Create an empty PostgreSQL database
    Create(fill::Create),
    /// Fill a migrated database; prints what is in it
    Fill(fill::Options),
    /// How PostgreSQL reads a mission and a list of missions; prints both plans
    Plan(plan::Options),
    /// Draw the ratios of a report
    Plot(plot::Options),
}

fn main() -> ExitCode {
    run(Cli::parse().command).map_or_else(
        |error| {
            eprintln!("floor: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn run(command: Command) -> Result<()> {
    if let Command::Plot(options) = &command {
        return plot::draw(options);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve(options) => serve::run(options).await,
            Command::Create(options) => fill::create(&options).await,
            Command::Fill(options) => fill::run(&options).await,
            Command::Plan(options) => plan::run(&options).await,
            Command::Plot(_) => Ok(()),
        }
    })
}
