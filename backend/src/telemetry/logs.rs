//! The log: one JSON object per line on standard output, or a readable form for a terminal.

use super::lines::{LastLines, Lines};
use crate::config::{Config, LogFormat};
use std::io::{self, IsTerminal};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging. Libraries log warnings only, because at a lower level the database driver logs statements and their
/// values.
///
/// # Errors
/// When the thread that writes cannot be started.
pub fn init(config: &Config) -> io::Result<LastLines> {
    let lines = Lines::new();
    let writer = lines.clone();
    let filter = EnvFilter::new(format!("warn,coulisses={}", config.log_level));
    let registry = tracing_subscriber::registry().with(filter);
    // If it was started before in this process (tests), the first subscriber stays.
    let started = match config.log_format {
        LogFormat::Json => {
            let json = tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false);
            registry.with(json.with_writer(writer)).try_init()
        }
        LogFormat::Pretty => {
            let pretty = tracing_subscriber::fmt::layer().compact().with_ansi(io::stdout().is_terminal());
            registry.with(pretty.with_writer(writer)).try_init()
        }
    };
    match started {
        Ok(()) => lines.write_behind(io::stdout(), |lost| {
            tracing::warn!(
                lost,
                "log lines were lost: nobody took them in time, or they could not be written"
            );
        }),
        Err(_) => Ok(LastLines::none()),
    }
}
