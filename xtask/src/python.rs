//! Installs Python programs into virtual environments of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::apt;

const MISSING: &str = "install Python 3.10 or newer with its modules venv and ensurepip (Debian, Ubuntu: apt-get \
    install python3-venv; Fedora: dnf install python3; macOS: brew install python; Windows: python.org) and put it \
    first on PATH";

/// Whether a Python is new enough and can make environments; Debian packages ensurepip apart.
const PROBE: &str = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))";

const PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
const PROGRAMS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// The directory of the programs of a virtual environment in `directory`, with these requirements; installed when they are
/// not there yet.
pub(crate) fn programs(directory: &Path, what: &str, requirements: &str) -> Result<PathBuf> {
    let environment = directory.join("python");
    let programs = environment.join(PROGRAMS);
    // Written last, so that an interrupted installation is begun again.
    let installed = environment.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|versions| versions == requirements) {
        return Ok(programs);
    }
    println!("==> installing {what}");
    ensure_python()?;
    fs::create_dir_all(directory).context("cannot create a directory under target")?;
    let file = directory.join("requirements.txt");
    fs::write(&file, requirements).context("cannot write under target")?;
    let mut create = Command::new(PYTHON);
    create.args(["-m", "venv", "--clear"]).arg(&environment);
    run("python -m venv", &mut create)?;
    let mut install = Command::new(programs.join("python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&file);
    run("pip install", &mut install)?;
    fs::rename(&file, &installed).context("cannot write under target")?;
    Ok(programs)
}

fn ensure_python() -> Result<()> {
    if !is_usable() && apt::is_here() {
        apt::install(&["python3", "python3-venv"])?;
    }
    ensure!(is_usable(), MISSING);
    Ok(())
}

fn is_usable() -> bool {
    let mut probe = Command::new(PYTHON);
    probe.args(["-c", PROBE]).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

fn run(name: &str, command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {name}"))?;
    ensure!(status.success(), "{name} failed: see above, and check that the package index is within reach");
    Ok(())
}
