//! Cargo as a child process, started in the workspace root.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The root of the workspace this program was built from.
pub(crate) fn workspace_root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// `cargo <subcommand>`, with the environment a shell would give it.
pub(crate) fn command(subcommand: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = Command::new(cargo);
    // `cargo run` describes this package in the environment. Build scripts that watch those
    // variables (ring does) would rebuild each time `cargo test` and `cargo xtask` alternate.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.arg(subcommand).current_dir(workspace_root());
    command
}

/// Installs `cargo <subcommand>` where it is missing.
pub(crate) fn ensure_installed(subcommand: &str, version: &str, options: &[&str]) -> Result<()> {
    let mut probe = command(subcommand);
    probe.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let name = format!("cargo-{subcommand}");
    println!("==> installing {name}");
    let mut install = command("install");
    install.args([&name, "--locked", "--version", version]).args(options);
    let status = install.status().context("cannot run cargo")?;
    ensure!(
        status.success(),
        "{name} cannot be installed: see above, or install its release {version} by hand"
    );
    Ok(())
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let mut metadata = command("metadata");
    metadata.args(["--format-version", "1", "--no-deps", "--locked"]).stderr(Stdio::inherit());
    let output = metadata.output().context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo metadata failed: see above");
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?;
    let directory = metadata["target_directory"].as_str();
    Ok(directory.context("cargo metadata names no target directory")?.into())
}

/// The same exit code for our caller; 1 where the child had none because a signal ended it.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
