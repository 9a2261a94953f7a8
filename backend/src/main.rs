//! The `coulisses` command: parses the arguments, calls a command, sets the exit status.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    coulisses::cli::run()
}
