//! `cargo xtask check`: formatting, lints, documentation and dependency rules.

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::cargo;

/// The release of cargo-deny that `deny.toml` is written for.
const CARGO_DENY: &str = "0.20.2";

#[derive(Args)]
pub(crate) struct Options {
    /// Also look for known vulnerabilities, which downloads their database
    #[arg(long)]
    advisories: bool,
}

/// Runs each step in turn and stops at the first that fails.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let mut clippy = cargo::command("clippy");
    clippy.args(["--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]);
    let mut documentation = cargo::command("doc");
    // The examples bring in the dev-dependencies, so that all dependencies have the features that the lints checked; else a
    // fifth of them is checked again. The program is not among these: it has the library's name, and its page would replace all
    // of the library's.
    documentation.args([
        "--workspace",
        "--no-deps",
        "--locked",
        "--lib",
        "--bin",
        "floor",
        "--bin",
        "xtask",
        "--examples",
    ]);
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    let mut formatting = cargo::command("fmt");
    formatting.args(["--all", "--check"]);

    step("formatting", formatting)?;
    step("lints", clippy)?;
    step("documentation", documentation)?;
    // `--debug`: it builds faster, and has little to do.
    cargo::ensure_installed("deny", CARGO_DENY, &["--debug"])?;
    let mut dependencies = cargo::command("deny");
    dependencies.args(["--locked", "check", "licenses", "bans", "sources"]);
    dependencies.args(options.advisories.then_some("advisories"));
    step("dependencies", dependencies)?;
    Ok(ExitCode::SUCCESS)
}

fn step(name: &str, mut command: Command) -> Result<()> {
    println!("==> {name}");
    let begin = Instant::now();
    let status = command.status().with_context(|| format!("{name}: cannot run cargo"))?;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(status.success(), "{name} failed after {seconds:.1} s");
    println!("    {name}: {seconds:.1} s");
    Ok(())
}
