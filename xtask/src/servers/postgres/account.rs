//! The account PostgreSQL runs as: it refuses to run as root.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::servers::programs::on_path;

/// Made by every package of the server; we only need any account that is not root.
const UNPRIVILEGED: &str = "postgres";

#[derive(Clone)]
pub(super) enum Account {
    /// The one this program runs as.
    Own,
    /// Another, reached by putting this command in front.
    Switched(&'static [&'static str]),
}

impl Account {
    pub(super) fn choose() -> Result<Self> {
        if !is_root() {
            return Ok(Self::Own);
        }
        const SWITCHES: [&[&str]; 3] = [
            &["runuser", "-u", UNPRIVILEGED, "--"],
            &["setpriv", "--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--init-groups", "--"],
            &["su", UNPRIVILEGED, "-s", "/bin/sh", "-c", r#"exec "$0" "$@""#, "--"],
        ];
        let switch = SWITCHES.into_iter().find(|switch| on_path(switch[0]).is_some());
        switch.map(Self::Switched).context(
            "PostgreSQL does not run as root: install runuser, setpriv or su, or use another account than root"
        )
    }

    pub(super) fn command(&self, program: &Path) -> Command {
        match self {
            Self::Own => Command::new(program),
            Self::Switched(switch) => {
                let mut command = Command::new(switch[0]);
                command.args(&switch[1..]).arg(program);
                command
            }
        }
    }

    /// Makes the account the owner of a directory.
    pub(super) fn give(&self, directory: &Path) -> Result<()> {
        if let Self::Switched(_) = self {
            let status = Command::new("chown").arg(UNPRIVILEGED).arg(directory).status();
            let given = status.context("cannot run chown")?.success();
            ensure!(given, "cannot give a directory to the account {UNPRIVILEGED}: create that account");
        }
        Ok(())
    }
}

/// Whether this program runs as root, the one account Unix systems number 0.
pub(crate) fn is_root() -> bool {
    let output = cfg!(unix).then(|| Command::new("id").arg("-u").output().ok()).flatten();
    output.is_some_and(|output| output.stdout.trim_ascii() == b"0")
}
