//! A child process that does not outlive this one.

use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cleanup::Cleanup;

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Ended by [`Cleanup`] at the latest.
#[derive(Clone)]
pub(crate) struct Process(Arc<Mutex<Child>>);

impl Process {
    pub(crate) fn start(command: &mut Command, cleanup: &Cleanup) -> Result<Self> {
        Self::start_with(command, cleanup, |_| ())
    }

    /// `take` gets hold of the child's streams.
    pub(crate) fn start_with(
        command: &mut Command,
        cleanup: &Cleanup,
        take: impl FnOnce(&mut Child),
    ) -> Result<Self> {
        cleanup.start(|actions| {
            let name = command.get_program().to_string_lossy().into_owned();
            let mut child = command.spawn().with_context(|| format!("cannot run {name}"))?;
            take(&mut child);
            let process = Self(Arc::new(Mutex::new(child)));
            let stopped = process.clone();
            actions.push(Box::new(move || stopped.stop()));
            Ok(process)
        })
    }

    /// What the system calls it.
    pub(crate) fn id(&self) -> u32 {
        self.lock().id()
    }

    pub(crate) fn has_ended(&self) -> Result<bool> {
        Ok(self.status()?.is_some())
    }

    /// Waits for its end; `None` when that does not come in time.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> Result<Option<ExitStatus>> {
        let begin = Instant::now();
        // Looks again and again: one long wait would hold the lock that ending it takes.
        while limit.is_none_or(|limit| begin.elapsed() < limit) {
            if let Some(status) = self.status()? {
                return Ok(Some(status));
            }
            sleep(POLL_INTERVAL);
        }
        Ok(None)
    }

    /// At once: it holds nothing worth an orderly end.
    pub(crate) fn stop(&self) {
        let mut child = self.lock();
        // Both fail only where it has ended already.
        let _ = child.kill();
        let _ = child.wait();
    }

    fn status(&self) -> Result<Option<ExitStatus>> {
        self.lock().try_wait().context("a child process was lost")
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
