//! What a release is made from: a commit, a version, a target.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo;

pub(super) struct Source {
    pub(super) version: String,
    /// The triple of the machine that builds, for example `x86_64-unknown-linux-gnu`.
    pub(super) target: String,
    /// When the commit was made, in seconds since 1970.
    pub(super) commit_seconds: u64,
}

impl Source {
    pub(super) fn read(allow_dirty: bool) -> Result<Self> {
        let changed = git(&["status", "--porcelain"])?;
        ensure!(
            changed.is_empty() || allow_dirty,
            "a release is made from a commit: commit these first, or add --allow-dirty to try\n{changed}"
        );
        let seconds = git(&["log", "-1", "--format=%ct"])?;
        Ok(Self {
            version: version()?,
            target: host()?,
            commit_seconds: seconds.trim().parse().context("the commit has no time")?,
        })
    }

    /// The files below these paths that are part of the repository: nothing that merely lies there is delivered.
    pub(super) fn tracked(&self, paths: &[&str]) -> Result<Vec<String>> {
        let listed = git(&[&["ls-files", "-z", "--"], paths].concat())?;
        let files: Vec<_> =
            listed.split('\0').filter(|path| !path.is_empty()).map(ToOwned::to_owned).collect();
        for path in paths {
            let found = files.iter().any(|file| file == path || file.starts_with(&format!("{path}/")));
            ensure!(found, "{path} is not in the repository");
        }
        Ok(files)
    }
}

fn git(arguments: &[&str]) -> Result<String> {
    let mut git = Command::new("git");
    git.args(arguments).current_dir(cargo::workspace_root()).stdin(Stdio::null()).stderr(Stdio::inherit());
    text_of(&mut git, "git")
}

fn version() -> Result<String> {
    let mut metadata = cargo::command("metadata");
    metadata.args(["--format-version", "1", "--no-deps", "--locked"]);
    let metadata: Value = serde_json::from_str(&text_of(&mut metadata, "cargo metadata")?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let package = packages.iter().find(|package| package["name"] == "coulisses");
    let version = package.and_then(|package| package["version"].as_str());
    Ok(version.context("cargo metadata names no package coulisses")?.to_owned())
}

fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let text = text_of(Command::new(rustc).arg("-vV"), "rustc")?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

fn text_of(command: &mut Command, name: &str) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {name}: is it installed?"))?;
    ensure!(output.status.success(), "{name} failed: see above");
    String::from_utf8(output.stdout).with_context(|| format!("what {name} prints is no UTF-8"))
}
