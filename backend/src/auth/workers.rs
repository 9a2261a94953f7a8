//! Threads of their own for work that takes the processor for long: always the same ones, because an allocator keeps
//! what a thread freed for that thread, and of a lower priority, because nobody else should wait for them.

use crate::error::Error;
use std::{sync::Arc, time::Duration};
use thread_priority::ThreadPriority;
use tokio::{
    runtime::{self, Runtime},
    sync::{OwnedSemaphorePermit, Semaphore},
};

/// How long work waits for its turn before it is refused with a 503.
const PATIENCE: Duration = Duration::from_secs(2);

/// Does work of one kind, a few at a time. Clones share the turns.
#[derive(Clone)]
pub(super) struct Workers {
    pub(super) turns: Arc<Semaphore>,
    /// Of those that wait or work; nothing else is taken in.
    pub(super) places: Arc<Semaphore>,
    threads: Arc<Threads>,
}

#[derive(Debug, thiserror::Error)]
#[error("no turn for this within {PATIENCE:?}: too many ask for it at once")]
struct NoTurn;

impl Workers {
    /// So many threads, and at most `waiting` more who wait for one.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub(super) fn new(name: &str, threads: usize, waiting: usize) -> Result<Self, Error> {
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name(name)
            .on_thread_start(yield_to_others)
            .build()
            .map_err(Error::internal)?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(threads)),
            places: Arc::new(Semaphore::new(threads.saturating_add(waiting).min(Semaphore::MAX_PERMITS))),
            threads: Arc::new(Threads(Some(runtime))),
        })
    }

    /// Does this work when its turn comes.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait already, or when there is no turn in time.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Error::Unavailable(Arc::new(NoTurn)))?;
        let turn = in_time(&self.turns).await?;
        let threads = self.threads.0.as_ref().map(Runtime::handle).ok_or_else(|| Error::internal(Stopped))?;
        let work = threads.spawn(async move {
            // Held by the work itself: a client that hangs up must not free the turn while the core is still busy.
            let _held = (place, turn);
            work()
        });
        work.await.map_err(Error::internal)
    }
}

/// A permit, when there is one soon enough.
///
/// # Errors
/// [`Error::Unavailable`] when there is none in time.
pub(super) async fn in_time(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Error> {
    let turn = tokio::time::timeout(PATIENCE, Arc::clone(turns).acquire_owned()).await;
    turn.map_err(|_| Error::Unavailable(Arc::new(NoTurn)))?.map_err(Error::internal)
}

/// There until the last [`Workers`] of them goes.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // Its own drop would wait, which is forbidden where others are served.
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the program stops: nothing is computed any more")]
struct Stopped;

/// A thread that wakes up to serve someone does not wait for a hash, which lasts tens of milliseconds. Hashes get what the
/// others leave, and a small part where they leave nothing.
fn yield_to_others() {
    if let Err(error) = step_aside() {
        tracing::debug!(?error, "hashing has the priority of everything else");
    }
}

/// Linux lets a thread of its own class run until the next tick, 4 ms later, however low its priority is; not so one that
/// is there for when the processor is idle.
#[cfg(target_os = "linux")]
fn step_aside() -> Result<(), thread_priority::Error> {
    use thread_priority::unix::{
        NormalThreadSchedulePolicy::Idle, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
}

#[cfg(not(target_os = "linux"))]
fn step_aside() -> Result<(), thread_priority::Error> {
    thread_priority::set_current_thread_priority(ThreadPriority::Min)
}
