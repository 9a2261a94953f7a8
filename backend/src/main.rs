//! The `coulisses` command: parses the arguments, calls a command, sets the exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    coulisses::cli::run()
}
