//! `coulisses config`.

use super::{CliError, say};
use crate::config::Config;

/// Prints the settings in effect.
pub(super) fn run(config: &Config) -> Result<(), CliError> {
    for (name, value) in config.effective() {
        say(&format!("{name}={value}"));
    }
    Ok(())
}
