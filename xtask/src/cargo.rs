//! Cargo as a child process, started in the workspace root.

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

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

/// The same exit code for our caller; 1 where the child had none because a signal ended it.
pub(crate) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
