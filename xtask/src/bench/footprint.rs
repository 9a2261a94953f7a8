//! What the product takes: memory, time to start, room on the disk.

use std::fs;

use anyhow::{Context, Result};

use super::bar::Bar;
use super::site::serve_timed;
use super::stage::{Stage, median};

const STARTS: usize = 5;

/// Resident memory in KiB, as bars in MB.
pub(super) fn memory(name: &str, kib: impl IntoIterator<Item = Option<u64>>, at_most: f64) -> Bar {
    let most = kib.into_iter().collect::<Option<Vec<_>>>().and_then(|kib| kib.into_iter().max());
    Bar::absolute(name, "MB", most.map(|kib| kib as f64 * 1024.0 / 1e6), at_most)
}

/// From the command to the first good answer of /readyz, on a file that is there.
pub(super) fn start(stage: &Stage<'_>, database: &str) -> Result<Bar> {
    let mut took = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let (server, time) = serve_timed(stage, "start", database, "fakeredis://", &[])?;
        server.stop();
        took.push(time.as_secs_f64() * 1000.0);
    }
    Ok(Bar::absolute("start to /readyz, SQLite file", "ms", Some(median(took)), 300.0))
}

pub(super) fn binary(stage: &Stage<'_>) -> Result<Bar> {
    let size = fs::metadata(&stage.product).context("the program is gone")?.len();
    Ok(Bar::absolute("release binary", "MB", Some(size as f64 / 1e6), 40.0))
}
