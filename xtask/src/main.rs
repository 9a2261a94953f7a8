//! The project's own commands: `cargo xtask test`, `pages`, `coverage`, `fuzz-api`, `clients`, `web`, `drill`, `bench`, `check`,
//! `deploy-files` and `dist`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on the terminal")]

mod apt;
mod bench;
mod cargo;
mod check;
mod cleanup;
mod clients;
mod coverage;
mod deploy_files;
mod dist;
mod drill;
mod fuzz_api;
mod node;
mod outcome;
mod process;
mod provoked;
mod python;
mod server;
mod servers;
mod step;
mod tests;
mod web;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run all tests on SQLite and PostgreSQL, with throw-away servers of their own
    Test(tests::Options),
    /// Take a picture of every page in every state, to look at
    Pages,
    /// How many of the backend's lines all tests together reach, on SQLite and PostgreSQL
    Coverage,
    /// Test the running server against its own OpenAPI document
    FuzzApi(fuzz_api::Options),
    /// Generate typed clients from the OpenAPI document, compile them and let one talk to a server
    Clients,
    /// Build the web application into web/dist, which the program has in it
    Web(web::Options),
    /// What trouble does to everybody else: latencies with and without it
    #[command(subcommand)]
    Drill(drill::Drill),
    /// How fast the product is, against a floor that does the same I/O and nothing else
    Bench(bench::Options),
    /// Formatting, lints, documentation and dependency rules: everything but the tests
    Check(check::Options),
    /// Let systemd, nginx, Caddy and docker-compose read the files of deploy
    DeployFiles,
    /// Make the tarball of a release
    Dist(dist::Options),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Test(options) => tests::run(&options),
        Command::Pages => tests::take_pictures(),
        Command::Coverage => coverage::run(),
        Command::FuzzApi(options) => fuzz_api::run(&options),
        Command::Clients => clients::run(),
        Command::Web(options) => web::run(&options),
        Command::Drill(drill) => drill::run(&drill),
        Command::Bench(options) => bench::run(&options),
        Command::Check(options) => check::run(&options),
        Command::DeployFiles => deploy_files::run(),
        Command::Dist(options) => dist::run(&options),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
