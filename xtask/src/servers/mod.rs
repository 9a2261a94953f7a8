//! Throw-away database servers for one run of the tests.
//!
//! [`Servers::start`] installs what is missing, starts PostgreSQL and Redis on free ports in a
//! temporary directory, and leaves their end to [`Cleanup`].

mod install;
mod postgres;
mod programs;
mod redis;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

pub(crate) use self::postgres::is_root;
pub(crate) use self::programs::on_path;
use crate::cleanup::Cleanup;

/// Two running servers.
pub(crate) struct Servers {
    pub(crate) postgres_url: String,
    pub(crate) postgres_version: String,
    pub(crate) redis_url: String,
    pub(crate) redis_version: String,
}

impl Servers {
    pub(crate) fn start(cleanup: &Cleanup) -> Result<Self> {
        let programs = install::ensure()?;
        let directory = temporary_directory(cleanup)?;
        let postgres_url = postgres::start(&programs.postgres, &directory, cleanup)?;
        let redis_url = redis::start(&programs.redis, &directory, cleanup)?;
        Ok(Self {
            postgres_url,
            postgres_version: programs.postgres.version.to_string(),
            redis_url,
            redis_version: programs.redis.version.to_string(),
        })
    }
}

pub(crate) fn temporary_directory(cleanup: &Cleanup) -> Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("coulisses-test-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The account PostgreSQL runs as must be able to pass through it.
        builder.permissions(fs::Permissions::from_mode(0o755));
    }
    cleanup.start(|actions| {
        let directory = builder.tempdir().context("cannot create a temporary directory")?;
        let path = directory.path().to_path_buf();
        actions.push(Box::new(move || {
            let path = directory.path().to_path_buf();
            if let Err(error) = directory.close() {
                eprintln!("warning: {} could not be deleted: {error}", path.display());
            }
        }));
        Ok(path)
    })
}

/// A port nobody listens on now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Keeps Ctrl-C on the terminal from reaching the server: [`Cleanup`] ends it in good order.
pub(crate) fn detach(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// The last lines of a server's log, for an error message.
pub(crate) fn tail(log: &Path) -> String {
    const LINES: usize = 20;
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
