//! One step of a command: a program that is run to its end.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::cleanup::Cleanup;
use crate::process::Process;

/// Longer than any step takes; a program that hangs is ended.
const LIMIT: Duration = Duration::from_secs(300);

/// Prints what it is and how long it took.
pub(crate) fn step(name: &str, command: &mut Command, cleanup: &Cleanup) -> Result<()> {
    println!("==> {name}");
    let begin = Instant::now();
    let process = Process::start(command.stdin(Stdio::null()), cleanup)?;
    let Some(status) = process.wait(Some(LIMIT))? else {
        process.stop();
        bail!("{name} was not finished after {} s", LIMIT.as_secs());
    };
    ensure!(status.success(), "{name} failed: see above");
    println!("    {name}: {:.1} s", begin.elapsed().as_secs_f64());
    Ok(())
}
