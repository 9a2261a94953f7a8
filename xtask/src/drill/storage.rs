//! Ways in which a disk can refuse writes, and take them again.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::apt;
use crate::cleanup::Cleanup;
use crate::server::Environment;
use crate::servers::{on_path, temporary_directory};

/// Where Debian's fiu-utils has its libraries.
const FIU: &str = "/usr/lib/fiu";
/// EIO of Linux.
const EIO: i32 = 5;

/// How the disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Failure {
    /// SQLite on a small file system that is filled up (ENOSPC); needs root
    Full,
    /// SQLite's files may not grow any further (EFBIG)
    FileSize,
    /// SQLite's writes fail (EIO), by libfiu
    WriteError,
    /// SQLite's fsync fails (EIO), by libfiu
    SyncError,
    /// A PostgreSQL whose tables are on a small file system that is filled up (53100); needs root
    Postgres,
}

impl Failure {
    /// The code of the answer while it lasts: after a failed fsync nobody knows what is durable.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::SyncError => "outcome_unknown",
            _ => "storage_full",
        }
    }
}

/// A small file system in memory; [`Cleanup`] takes it away.
pub(super) fn small_disk(mebibytes: u32, cleanup: &Cleanup) -> Result<PathBuf> {
    let directory = temporary_directory(cleanup)?.join("small");
    fs::create_dir(&directory)?;
    let size = format!("size={mebibytes}m");
    cleanup.start(|actions| {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(&directory).status();
        let mounted = mount.is_ok_and(|status| status.success());
        ensure!(
            mounted,
            "a small file system cannot be mounted: run this drill as root, or name other --failures"
        );
        let place = directory.clone();
        // Lazily: a server that is being stopped may still have a file open there.
        actions.push(Box::new(move || drop(Command::new("umount").arg("-l").arg(place).status())));
        Ok(())
    })?;
    Ok(directory)
}

/// Takes all the room that is left.
pub(super) fn fill(disk: &Path) -> Result<()> {
    let mut file = File::create(disk.join("ballast"))?;
    for length in [1 << 16, 1 << 10, 1] {
        let bytes = vec![0; length];
        while file.write_all(&bytes).is_ok() {}
    }
    Ok(())
}

/// Gives it back.
pub(super) fn make_room(disk: &Path) -> Result<()> {
    fs::remove_file(disk.join("ballast")).context("there was no ballast")
}

/// Files of a process may have so many bytes from now on, or `unlimited`.
pub(super) fn limit_file_size(process: u32, bytes: &str) -> Result<()> {
    let (process, limit) = (process.to_string(), format!("--fsize={bytes}:"));
    run(Command::new("prlimit").args(["--pid", &process, &limit]), "prlimit (util-linux)")
}

/// The environment of a program whose system calls can be made to fail.
pub(super) fn fallible(cleanup: &Cleanup) -> Result<(Environment, PathBuf)> {
    if on_path("fiu-ctrl").is_none() && apt::is_here() {
        apt::install(&["fiu-utils"])?;
    }
    ensure!(
        on_path("fiu-ctrl").is_some(),
        "install libfiu with its utilities (Debian: fiu-utils), or name other --failures"
    );
    let pipe = temporary_directory(cleanup)?.join("fiu");
    let libraries = format!("{FIU}/fiu_run_preload.so {FIU}/fiu_posix_preload.so");
    let variables = vec![
        ("LD_PRELOAD", libraries),
        ("FIU_CTRL_FIFO", pipe.display().to_string()),
        ("FIU_ENABLE", String::new()),
    ];
    Ok((variables, pipe))
}

/// Makes system calls of a process fail with EIO, or work again.
pub(super) fn switch(process: u32, pipe: &Path, calls: &[&str], fail: bool) -> Result<()> {
    for call in calls {
        let order = match fail {
            true => format!("enable name={call},failinfo={EIO}"),
            false => format!("disable name={call}"),
        };
        let process = process.to_string();
        run(Command::new("fiu-ctrl").arg("-f").arg(pipe).args(["-c", &order, &process]), "fiu-ctrl")?;
    }
    Ok(())
}

fn run(command: &mut Command, name: &str) -> Result<()> {
    let status = command.stdout(Stdio::null()).status().with_context(|| format!("cannot run {name}"))?;
    ensure!(status.success(), "{name} failed");
    Ok(())
}
