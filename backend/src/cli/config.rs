//! `coulisses config`.

use super::{CliError, Listed, say};
use crate::config::Config;
use serde::Serialize;

#[derive(Serialize)]
struct Setting {
    name: &'static str,
    value: String,
}

/// Prints the settings in effect, and, except as JSON, the warnings about them.
pub(super) fn run(config: &Config, listed: &Listed) -> Result<(), CliError> {
    let settings: Vec<_> =
        config.effective().into_iter().map(|(name, value)| Setting { name, value }).collect();
    listed.print(&settings, |setting| format!("{}={}", setting.name, setting.value))?;
    if !listed.json {
        config.doubts().iter().for_each(|doubt| say(&format!("# {doubt}")));
    }
    Ok(())
}
