//! How far long work has come: a bar on a terminal, and nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

const REDRAWN_EVERY: Duration = Duration::from_millis(200);

/// Drawn on standard error; gone when dropped.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Says what is done, such as `exporting`.
    pub(super) fn start(what: &'static str) -> Self {
        let bar = ProgressBar::no_length().with_message(what);
        bar.enable_steady_tick(REDRAWN_EVERY);
        bar.set_style(style("{spinner} {msg}: {human_pos} rows, {elapsed}"));
        Self(bar)
    }

    /// Rows that are done, of how many if that is known.
    pub(super) fn show(&self, done: u64, of: Option<u64>) {
        if of.is_some() && self.0.length() != of {
            self.0.set_style(style("{msg}: {wide_bar} {human_pos} of {human_len} rows, {eta} left"));
            self.0.reset_eta();
            of.into_iter().for_each(|of| self.0.set_length(of));
        }
        self.0.set_position(done);
    }
}

/// The template is one of ours; another look is no reason to stop.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A number of bytes as people read it.
pub(super) fn size(bytes: u64) -> String {
    indicatif::DecimalBytes(bytes).to_string()
}

/// `1 row` or `2 rows`.
pub(super) fn rows(rows: u64) -> String {
    format!("{rows} row{}", if rows == 1 { "" } else { "s" })
}
