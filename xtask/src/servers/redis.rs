//! A throw-away Redis (or Valkey) that keeps nothing on disk.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::programs::{Version, on_path, version_of};
use super::{detach, free_port, tail};
use crate::cleanup::Cleanup;

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
    let server = cleanup.start(|actions| {
        let server = detach(&mut command).spawn().context("cannot run redis-server")?;
        let server = Arc::new(Mutex::new(server));
        let stopped = Arc::clone(&server);
        actions.push(Box::new(move || stop(&stopped)));
        Ok(server)
    })?;
    let limit = Instant::now() + START_LIMIT;
    while !answers(port) {
        let ended = lock(&server).try_wait()?.is_some();
        ensure!(!ended && Instant::now() < limit, "Redis did not start:\n{}", tail(&log));
        sleep(POLL_INTERVAL);
    }
    Ok(format!("redis://127.0.0.1:{port}/"))
}

fn stop(server: &Mutex<Child>) {
    let mut server = lock(server);
    // It holds nothing worth an orderly shutdown. It fails only where it has ended already.
    let _ = server.kill();
    let _ = server.wait();
}

fn lock(server: &Mutex<Child>) -> MutexGuard<'_, Child> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
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
