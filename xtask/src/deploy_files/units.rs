//! The systemd units, and the script that runs commands with their settings.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{accepts, deploy, program};

const UNITS: [&str; 2] = ["coulisses.service", "coulisses@.service"];
const DROP_INS: [&str; 2] = ["mail.conf", "rotation.conf"];

/// Where the units expect the program.
const PROGRAM: &str = "/opt/coulisses/current/bin/coulisses";

/// The exposure that `systemd-analyze security` may find, in tenths. It finds 1.4: the program needs the network.
const MOST_EXPOSURE: &str = "14";

/// systemd must know each setting of the units and of the drop-ins, and leave them little to reach.
pub(super) fn check(directory: &Path) -> Result<()> {
    let analyze = program("systemd-analyze", "systemd")?;
    let source = deploy().join("systemd");
    for unit in UNITS {
        let text = read(&source.join(unit))?;
        ensure!(text.contains(PROGRAM), "{unit} does not start {PROGRAM}");
        // systemd looks whether the program is there.
        fs::write(directory.join(unit), text.replace(PROGRAM, "/bin/true"))?;
        let drop_ins = directory.join(format!("{unit}.d"));
        fs::create_dir(&drop_ins)?;
        for name in DROP_INS {
            fs::write(drop_ins.join(name), read(&source.join(name))?)?;
        }
    }
    for unit in UNITS {
        let file = directory.join(unit);
        let mut verify = Command::new(&analyze);
        verify.args(["verify", "--man=no", "--recursive-errors=no"]).arg(&file);
        let output = verify.output().context("cannot run systemd-analyze")?;
        // An unknown setting is only worth a line to it; units of this machine have lines of their own.
        let errors = String::from_utf8_lossy(&output.stderr);
        let ours: Vec<_> = errors.lines().filter(|line| line.contains("coulisses")).collect();
        ensure!(output.status.success() && ours.is_empty(), "{unit}: systemd-analyze verify says\n{errors}");

        let mut security = Command::new(&analyze);
        security.args(["security", "--offline=true", "--no-pager", &format!("--threshold={MOST_EXPOSURE}")]);
        accepts(security.arg(&file)).with_context(|| format!("{unit} is exposed more than before"))?;
    }
    Ok(())
}

/// Whether a shell can read it.
pub(super) fn check_script(_: &Path) -> Result<()> {
    accepts(Command::new("sh").arg("-n").arg(deploy().join("coulisses-admin"))).map(drop)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
