//! Installs what a Debian or an Ubuntu has packages for.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::servers::{is_root, on_path};

/// Whether this system installs packages in this way.
pub(crate) fn is_here() -> bool {
    on_path("apt-get").is_some()
}

pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    println!("installing with apt-get: {list}");
    apt_get(&["update"], &list)?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat(), &list)
}

fn apt_get(arguments: &[&str], packages: &str) -> Result<()> {
    // `env` behind sudo, which drops most variables of its caller.
    let words = ["sudo", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
    let words = if is_root() { &words[1..] } else { &words[..] };
    let mut command = Command::new(words[0]);
    // Another apt-get, often the system's daily update, holds the lock for a while.
    command.args(&words[1..]).args(["-o", "DPkg::Lock::Timeout=120"]).args(arguments);
    // On success its report of every unpacked file tells nobody anything; errors go to stderr.
    let status = command.stdout(Stdio::null()).status();
    let done = status.is_ok_and(|status| status.success());
    ensure!(done, "apt-get {} failed: run it by hand, then install {packages}", arguments[0]);
    Ok(())
}
