//! A throw-away Redis (or Valkey) that keeps nothing on disk.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::programs::{Version, on_path, version_of};
use super::{detach, free_port, tail};
use crate::cleanup::Cleanup;
use crate::process::Process;

const START_LIMIT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const ANSWER_LIMIT: Duration = Duration::from_secs(1);

pub(crate) struct Installation {
    pub(crate) version: Version,
    program: PathBuf,
}

impl Installation {
    pub(crate) fn find() -> Option<Self> {
        ["redis-server", "valkey-server"].into_iter().find_map(|name| {
            let program = on_path(name)?;
            let version = version_of(&program, "v=")?;
            Some(Self { version, program })
        })
    }
}

/// A running server; [`Cleanup`] ends it.
pub(crate) struct Redis {
    pub(crate) url: String,
    program: PathBuf,
    directory: PathBuf,
    port: u16,
    process: Process,
}

impl Redis {
    /// Starts a server that works in `directory`.
    pub(crate) fn start(installed: &Installation, directory: &Path, cleanup: &Cleanup) -> Result<Self> {
        let port = free_port()?;
        let (program, directory) = (installed.program.clone(), directory.to_path_buf());
        let process = launch(&program, port, &directory, cleanup)?;
        Ok(Self { url: format!("redis://127.0.0.1:{port}/"), program, directory, port, process })
    }

    /// What the system calls it.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// At once, by SIGKILL.
    pub(crate) fn kill(&self) {
        self.process.stop();
    }

    /// At the same address, and empty.
    pub(crate) fn start_again(&mut self, cleanup: &Cleanup) -> Result<()> {
        self.process = launch(&self.program, self.port, &self.directory, cleanup)?;
        Ok(())
    }

    /// Deletes all that is in it.
    pub(crate) fn flush(&self) -> Result<()> {
        ensure!(says(self.port, b"FLUSHALL\r\n", b"+OK\r\n")?, "Redis did not empty itself");
        Ok(())
    }
}

fn launch(program: &Path, port: u16, directory: &Path, cleanup: &Cleanup) -> Result<Process> {
    let log = directory.join("redis.log");
    let output = File::create(&log)?;
    let mut command = Command::new(program);
    command.args(["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.arg("--dir").arg(directory);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let server = Process::start(detach(&mut command), cleanup)?;
    let limit = Instant::now() + START_LIMIT;
    while !says(port, b"PING\r\n", b"+PONG\r\n").unwrap_or(false) {
        let ended = server.has_ended()?;
        ensure!(!ended && Instant::now() < limit, "Redis did not start:\n{}", tail(&log));
        sleep(POLL_INTERVAL);
    }
    Ok(server)
}

/// Whether that is what it answers.
fn says(port: u16, command: &[u8], expected: &[u8]) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    stream.write_all(command)?;
    let mut answer = vec![0; expected.len()];
    stream.read_exact(&mut answer)?;
    Ok(answer == expected)
}
