//! `cargo xtask drill slow-sockets`: does anyone notice thousands of sockets that hold on and do nothing useful?

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::comparison::Comparison;
use super::crowd::Crowd;
use super::latency::Reader;
use super::start;
use crate::cleanup::Cleanup;

/// A p99 of more than so many times that without is felt.
const MOST: f64 = 2.0;
/// Of this process, next to the sockets.
const OTHER_FILES: u64 = 100;

#[derive(Args)]
pub(crate) struct Options {
    /// How many: a quarter each says nothing, drips a header, drips a body, does not read the answer
    #[arg(long, default_value_t = 2000, value_name = "NUMBER")]
    sockets: usize,
    /// Measurements without and with them, in turn
    #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Of each measurement; by default longer than the server's patience, so that it also gets rid of them
    #[arg(long, default_value_t = 35, value_name = "SECONDS")]
    seconds: u64,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let wanted = u64::try_from(options.sockets)? + OTHER_FILES;
    let limit = rlimit::increase_nofile_limit(wanted).context("the limit of open files cannot be raised")?;
    ensure!(limit >= wanted, "only {limit} files may be open here: choose fewer --sockets");
    let cleanup = Cleanup::install()?;
    let server = start(&cleanup)?;
    let reader = Reader::sign_in(&server.url)?;
    let seconds = Duration::from_secs(options.seconds);
    let (mut comparison, mut closed) = (Comparison::at_most(MOST), 0);
    for _ in 0..options.rounds {
        comparison.round(
            || reader.measure(seconds),
            || {
                let crowd = Crowd::gather(&server.url, options.sockets)?;
                let measured = reader.measure(seconds)?;
                closed += crowd.leave()?;
                Ok(measured)
            },
        )?;
    }
    println!("{} sockets; the server closed {closed} of them, which were opened anew", options.sockets);
    ensure!(server.is_ready(), "the server does not answer any more: /readyz is not 200");
    server.stop();
    Ok(comparison.verdict())
}
