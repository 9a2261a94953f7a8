//! Installs packages of npm below `target`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::apt;
use crate::cleanup::Cleanup;
use crate::process::Process;

/// Longer than a download takes.
const LIMIT: Duration = Duration::from_secs(300);

const MISSING: &str = "install Node.js 18 or newer with npm (Debian, Ubuntu: apt-get install npm; Fedora: dnf \
    install nodejs; macOS: brew install node; Windows: nodejs.org) and put both on PATH";

const PROBE: &str = "process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)";

const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// Fills `node_modules` in `directory` with what `package.json` and its lock in `sources` name, unless it is there.
pub(crate) fn modules(directory: &Path, sources: &Path, cleanup: &Cleanup) -> Result<()> {
    fs::create_dir_all(directory).context("cannot create a directory under target")?;
    let mut wanted = String::new();
    for name in ["package.json", "package-lock.json"] {
        let text = fs::read_to_string(sources.join(name)).with_context(|| format!("cannot read {name}"))?;
        fs::write(directory.join(name), &text).context("cannot write under target")?;
        wanted.push_str(&text);
    }
    // Written last, so that an interrupted installation is begun again.
    let mark = directory.join("npm-installed.txt");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("==> npm ci");
    ensure_node()?;
    let mut install = Command::new(NPM);
    install.args(["ci", "--no-audit", "--no-fund"]).current_dir(directory).stdin(Stdio::null());
    let process = Process::start(&mut install, cleanup)?;
    let status = process.wait(Some(LIMIT))?;
    process.stop();
    let done = status.is_some_and(|status| status.success());
    ensure!(done, "npm ci failed: see above, and check that the package registry is within reach");
    fs::write(&mark, wanted).context("cannot write under target")
}

fn ensure_node() -> Result<()> {
    if !is_usable() && apt::is_here() {
        apt::install(&["npm"])?;
    }
    ensure!(is_usable(), MISSING);
    Ok(())
}

fn is_usable() -> bool {
    succeeds(Command::new(NPM).arg("--version")) && succeeds(Command::new("node").args(["-e", PROBE]))
}

fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
