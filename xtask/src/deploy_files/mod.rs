//! `cargo xtask deploy-files`: whether the programs that read the files of `deploy` take them as they are.
//!
//! What the files promise beyond being well-formed (no published metrics, secrets as files, names of settings that exist) is
//! read by the tests in `promises`.

mod containers;
#[cfg(test)]
mod promises;
mod proxies;
mod units;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::apt;
use crate::cargo;
use crate::cleanup::Cleanup;
use crate::servers::{on_path, temporary_directory};

/// A name for `$DOMAIN` and in certificates.
const DOMAIN: &str = "crew.example.org";

type Check = fn(&Path) -> Result<()>;

pub(crate) fn run() -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let checks: [(&str, Check); 6] = [
        ("systemd units", units::check),
        ("coulisses-admin", units::check_script),
        ("nginx", proxies::check_nginx),
        ("Caddy", proxies::check_caddy),
        ("compose files", containers::check_compose),
        ("Dockerfile", containers::check_dockerfile),
    ];
    for (name, check) in checks {
        println!("==> {name}");
        let begin = Instant::now();
        check(&temporary_directory(&cleanup)?).with_context(|| format!("{name} of deploy"))?;
        println!("    {name}: {:.1} s", begin.elapsed().as_secs_f64());
    }
    Ok(ExitCode::SUCCESS)
}

fn deploy() -> PathBuf {
    cargo::workspace_root().join("deploy")
}

/// A program, which a Debian or an Ubuntu is given where it lacks it.
fn program(name: &str, package: &str) -> Result<PathBuf> {
    if on_path(name).is_none() && apt::is_here() {
        apt::install(&[package])?;
    }
    on_path(name)
        .with_context(|| format!("install {name} and put it on PATH (Debian: apt-get install {package})"))
}

/// Runs a program that has nothing to say about files that are right; returns its output.
fn accepts(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{command:?} says\n{out}{errors}");
    Ok(out.into_owned())
}
