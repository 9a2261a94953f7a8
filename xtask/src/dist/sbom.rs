//! The bill of materials: every library in the program, with its version, licence and checksum, as CycloneDX JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::source::Source;
use crate::cargo;

/// It keeps neither a random number nor the current time when it is told the time (`SOURCE_DATE_EPOCH`), since 0.5.9.
const CARGO_CYCLONEDX: &str = "0.5.9";

const FILE: &str = "coulisses-dist.json";

pub(super) fn make(source: &Source) -> Result<Vec<u8>> {
    let program = install()?;
    println!("==> listing the libraries");
    let mut command = Command::new(program);
    command.args(["cyclonedx", "--format", "json", "--spec-version", "1.5", "--target", &source.target]);
    command.args(["--no-build-deps", "--override-filename", "coulisses-dist", "-qq", "--manifest-path"]);
    command.arg(cargo::workspace_root().join("backend").join("Cargo.toml"));
    command.env("SOURCE_DATE_EPOCH", source.commit_seconds.to_string()).stdin(Stdio::null());
    let status = command.status().context("cannot run cargo-cyclonedx")?;
    // It writes one beside each Cargo.toml of the workspace, and cannot be told where to.
    let bills = take_bills()?;
    ensure!(status.success(), "cargo-cyclonedx failed: see above");
    let bill = bills.into_iter().find_map(|(member, text)| (member == "backend").then_some(text));
    let text = without_this_machine(&bill.context("cargo-cyclonedx wrote no bill of the backend")?)?;
    let bill: Value = serde_json::from_str(&text).context("cargo-cyclonedx wrote no JSON")?;
    let components = bill["components"].as_array().map_or(0, Vec::len);
    ensure!(components > 100, "cargo-cyclonedx lists {components} libraries: that cannot be all");
    Ok(text.into_bytes())
}

/// Removes what was written into the work tree and returns it, by the folder of each member.
fn take_bills() -> Result<Vec<(String, String)>> {
    let mut bills = Vec::new();
    for entry in fs::read_dir(cargo::workspace_root())? {
        let entry = entry?;
        let file = entry.path().join(FILE);
        if file.is_file() {
            let member = entry.file_name().to_string_lossy().into_owned();
            bills.push((member, fs::read_to_string(&file)?));
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(bills)
}

/// Its references to packages of this workspace say where that is here (CycloneDX/cyclonedx-rust-cargo#556).
fn without_this_machine(bill: &str) -> Result<String> {
    let root = cargo::workspace_root().to_str().context("this folder's name is no text")?;
    let text = bill.replace(&format!("path+file://{root}"), "path+file://");
    ensure!(!text.contains(root), "the bill of materials says where it was made");
    Ok(text)
}

/// Below target, at this release: another one might list otherwise.
fn install() -> Result<PathBuf> {
    let root = cargo::target_directory()?.join("tools");
    let program = root.join("bin").join(format!("cargo-cyclonedx{}", std::env::consts::EXE_SUFFIX));
    if !is_release(&program) {
        println!("==> installing cargo-cyclonedx");
        let mut install = cargo::command("install");
        install.args(["cargo-cyclonedx", "--locked", "--version", CARGO_CYCLONEDX, "--root"]).arg(&root);
        // Its own, not this workspace's: cargo would take the lock of what is built there.
        let status = install.arg("--target-dir").arg(root.join("build")).status();
        ensure!(
            status.is_ok_and(|status| status.success()),
            "cargo-cyclonedx cannot be installed: see above"
        );
    }
    Ok(program)
}

fn is_release(program: &Path) -> bool {
    let output = Command::new(program).args(["cyclonedx", "--version"]).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(CARGO_CYCLONEDX))
}
