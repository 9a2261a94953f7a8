//! What must not outlive this process: servers and temporary directories.
//!
//! Actions run in reverse order when [`Cleanup`] is dropped, and also on Ctrl-C or a termination
//! signal, where no destructor would run.

use std::process::exit;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};

/// The steps still to be undone, the newest last.
pub(crate) type Actions = Vec<Box<dyn FnOnce() + Send>>;

/// What a shell reports for a program ended by Ctrl-C: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// Owns the steps to undo; may be created once per process.
pub(crate) struct Cleanup(Arc<Mutex<Actions>>);

impl Cleanup {
    pub(crate) fn install() -> Result<Self> {
        let actions = Arc::new(Mutex::new(Actions::new()));
        let at_signal = Arc::clone(&actions);
        ctrlc::set_handler(move || {
            // Held until the end, so that nothing can be started after it was cleaned up.
            let mut actions = lock(&at_signal);
            run(&mut actions);
            exit(INTERRUPTED);
        })
        .context("cannot listen for Ctrl-C")?;
        Ok(Self(actions))
    }

    /// Starts something and notes how to undo it; a signal waits until both have happened.
    pub(crate) fn start<T>(&self, start: impl FnOnce(&mut Actions) -> Result<T>) -> Result<T> {
        start(&mut lock(&self.0))
    }
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        run(&mut lock(&self.0));
    }
}

fn lock(actions: &Mutex<Actions>) -> MutexGuard<'_, Actions> {
    actions.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(actions: &mut Actions) {
    while let Some(action) = actions.pop() {
        action();
    }
}
