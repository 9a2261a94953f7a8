//! Log lines: one JSON object a line on standard output, or readable ones for a terminal.
//!
//! A line is written when it is made, with one call of the system. A queue with a thread of its own was considered: when it
//! is full it drops lines or waits all the same, a crash loses what it holds (the lines that explain it), and the same
//! call is made elsewhere on the same processors.

use crate::config::{Config, LogFormat};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging. Only this program's own events and the libraries' warnings pass: at a lower level the database
/// driver would log statements and their values.
pub fn init(config: &Config) {
    let filter = EnvFilter::new(format!("warn,coulisses={}", config.log_level));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in one process (tests) keeps the first one's subscriber.
    let _ = match config.log_format {
        LogFormat::Json => {
            let lines = tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false);
            registry.with(lines).try_init()
        }
        LogFormat::Pretty => registry.with(tracing_subscriber::fmt::layer().compact()).try_init(),
    };
}
