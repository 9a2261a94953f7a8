//! Load, made by wrk in a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::apt;
use crate::cargo::workspace_root;
use crate::servers::on_path;

const CONNECTIONS: usize = 32;
/// Turns between two runs, more than any run takes: so no request is sent twice.
const RUN: u64 = 10_000_000;

/// Finds wrk; installs it where the system is a Debian or an Ubuntu.
pub(super) fn wrk() -> Result<PathBuf> {
    if on_path("wrk").is_none() && apt::is_here() {
        apt::install(&["wrk"])?;
    }
    on_path("wrk").context(
        "install wrk and put it on PATH (macOS: brew install wrk; Fedora: dnf install wrk; Windows: run this in WSL)",
    )
}

/// Requests to one server, each with its place in the file that wrk reads.
pub(super) struct Load {
    file: PathBuf,
    url: String,
    /// Each request may be sent once only.
    once: bool,
    turn: u64,
    /// So many times as long as others it is sent.
    stretch: u64,
}

/// One request: what the server is asked, as whom.
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) token: &'a str,
    pub(super) body: String,
}

impl<'a> Request<'a> {
    pub(super) fn get(path: String, token: &'a str) -> Self {
        Self { method: "GET", path, token, body: String::new() }
    }

    pub(super) fn post(path: String, token: &'a str, body: String) -> Self {
        Self { method: "POST", path, token, body }
    }
}

/// What a run of wrk counted.
#[derive(Deserialize)]
pub(super) struct Counted {
    requests: u64,
    micros: u64,
    failed: u64,
    /// Microseconds.
    p50: f64,
    exhausted: bool,
}

impl Counted {
    /// Requests a second.
    pub(super) fn rate(&self) -> f64 {
        self.requests as f64 * 1e6 / self.micros as f64
    }

    /// Milliseconds that half of the requests did not exceed.
    pub(super) fn p50(&self) -> f64 {
        self.p50 / 1000.0
    }
}

impl Load {
    /// These requests over and over; `{n}` in their paths makes each turn another.
    pub(super) fn again<'a>(
        file: PathBuf,
        url: &str,
        requests: impl IntoIterator<Item = Request<'a>>,
    ) -> Result<Self> {
        Self::of(file, url, requests, false)
    }

    /// Each of these requests once; a run that needs more fails.
    pub(super) fn once<'a>(
        file: PathBuf,
        url: &str,
        requests: impl IntoIterator<Item = Request<'a>>,
    ) -> Result<Self> {
        Self::of(file, url, requests, true)
    }

    fn of<'a>(
        file: PathBuf,
        url: &str,
        requests: impl IntoIterator<Item = Request<'a>>,
        once: bool,
    ) -> Result<Self> {
        let line = |request: Request<'_>| {
            let Request { method, path, token, body } = request;
            format!("{method}\t{path}\t{token}\t{body}\n")
        };
        let lines: String = requests.into_iter().map(line).collect();
        ensure!(!lines.is_empty(), "there is nothing to send");
        fs::write(&file, lines).context("cannot write under target")?;
        Ok(Self { file, url: url.to_owned(), once, turn: 0, stretch: 1 })
    }

    /// For requests that take long: those under way at the end of a run are not counted, and they would be many.
    pub(super) fn stretched(self) -> Self {
        Self { stretch: 3, ..self }
    }

    /// Sends for so many seconds, or stretched; fails when any answer was an error.
    pub(super) fn run(&mut self, wrk: &Path, seconds: u64) -> Result<Counted> {
        let mut command = Command::new(wrk);
        command.args(["--threads", "1", "--connections", &CONNECTIONS.to_string(), "--timeout", "30s"]);
        command.args(["--duration", &format!("{}s", seconds * self.stretch)]);
        command.arg("--script").arg(workspace_root().join("xtask").join("bench").join("load.lua"));
        command.arg(&self.url).arg("--").arg(&self.file);
        command.arg(self.turn.to_string()).arg(if self.once { "once" } else { "again" });
        let output = command.output().context("cannot run wrk")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().rev().find(|line| line.starts_with('{'));
        let line = line.with_context(|| format!("wrk counted nothing: {text}"))?;
        let counted: Counted = serde_json::from_str(line).context("wrk counted nothing sensible")?;
        ensure!(
            !counted.exhausted,
            "there were too few requests to send: make more, or run for a shorter time"
        );
        ensure!(counted.requests > 0, "{} answered nothing in time: allow more --seconds", self.url);
        ensure!(
            counted.failed == 0,
            "{} of {} requests to {} failed: see the server's output under target/bench",
            counted.failed,
            counted.requests,
            self.url
        );
        // Some more were under way when the time was over, one to each connection, and one was to try.
        self.turn += if self.once { counted.requests + CONNECTIONS as u64 + 1 } else { RUN };
        Ok(counted)
    }
}
