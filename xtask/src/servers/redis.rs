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

/// Starts a server that works in `directory` and returns its URL.
pub(crate) fn start(installed: &Installation, directory: &Path, cleanup: &Cleanup) -> Result<String> {
    let port = free_port()?;
    let log = directory.join("redis.log");
    let output = File::create(&log)?;
    let mut command = Command::new(&installed.program);
    command.args(["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--port", &port.to_string()]);
    command.arg("--dir").arg(directory);
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let server = Process::start(detach(&mut command), cleanup)?;
    let limit = Instant::now() + START_LIMIT;
    while !answers(port) {
        let ended = server.has_ended()?;
        ensure!(!ended && Instant::now() < limit, "Redis did not start:\n{}", tail(&log));
        sleep(POLL_INTERVAL);
    }
    Ok(format!("redis://127.0.0.1:{port}/"))
}

/// Whether a PING comes back as PONG.
fn answers(port: u16) -> bool {
    let ping = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        Ok(&answer == b"+PONG\r\n")
    };
    ping().unwrap_or(false)
}
