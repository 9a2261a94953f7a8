//! ChromeDriver, through which tests open pages in a headless Chromium. The browsers are started by it, and end with it.

use std::fs::File;
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

pub(crate) struct Installation {
    pub(crate) version: Version,
    driver: PathBuf,
}

impl Installation {
    pub(crate) fn find() -> Option<Self> {
        let driver = on_path("chromedriver")?;
        let version = version_of(&driver, "")?;
        // It knows by itself where the browser is.
        let browsers = ["chromium", "chromium-browser", "google-chrome"];
        let is_there =
            cfg!(not(target_os = "linux")) || browsers.into_iter().any(|name| on_path(name).is_some());
        is_there.then_some(Self { version, driver })
    }
}

/// Starts one that works in `directory` and returns its URL.
pub(crate) fn start(installed: &Installation, directory: &Path, cleanup: &Cleanup) -> Result<String> {
    let port = free_port()?;
    let log = directory.join("chromedriver.log");
    let output = File::create(&log)?;
    let mut command = Command::new(&installed.driver);
    command.arg(format!("--port={port}"));
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    let server = Process::start(detach(&mut command), cleanup)?;
    let limit = Instant::now() + START_LIMIT;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let ended = server.has_ended()?;
        ensure!(!ended && Instant::now() < limit, "ChromeDriver did not start:\n{}", tail(&log));
        sleep(POLL_INTERVAL);
    }
    Ok(format!("http://127.0.0.1:{port}"))
}
