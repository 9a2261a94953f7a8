//! Threads for work that keeps a core busy for milliseconds: hashing a password, compressing, serialising and parsing large
//! JSON, planning a thousand items. On the threads that serve requests it would delay every other request; here it waits
//! for its turn, fairly by org ([`Fair`]), and runs with a lower priority. Each kind of work has fixed threads of its own,
//! because an allocator keeps what a thread freed for that thread.

use crate::{
    error::Error,
    fair::{Fair, Portion, Tenant},
};
use std::{sync::Arc, time::Duration};
use thread_priority::ThreadPriority;
use tokio::runtime::{self, Runtime};
use tracing::Instrument;

/// Threads for one kind of work. Clones share them.
#[derive(Clone)]
pub struct Workers {
    turns: Fair,
    patience: Duration,
    threads: Arc<Threads>,
}

impl Workers {
    /// Starts `number` threads for `what` (in the plural, for the log), each of which does one piece of work at a time;
    /// work that has no turn after `patience` is refused.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(what: &'static str, number: usize, patience: Duration) -> std::io::Result<Self> {
        Self::start_with(what, number, Fair::new(what, number, number), patience)
    }

    /// The same with given turns, for work that also waits for something else, so that more is begun than there are
    /// threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start_with(
        what: &'static str,
        number: usize,
        turns: Fair,
        patience: Duration,
    ) -> std::io::Result<Self> {
        let threads = runtime::Builder::new_multi_thread()
            .worker_threads(number)
            .thread_name(what)
            .enable_all()
            .on_thread_start(yield_to_others)
            .build()?;
        Ok(Self { turns, patience, threads: Arc::new(Threads(Some(threads))) })
    }

    pub fn cores() -> usize {
        std::thread::available_parallelism().map_or(1, usize::from)
    }

    pub fn half_of_the_cores() -> usize {
        (Self::cores() / 2).max(1)
    }

    /// How much more work could begin now.
    pub fn free(&self) -> usize {
        self.turns.free()
    }

    /// Runs `work` when the tenant's turn comes. Once begun, it runs to its end, even if the caller is dropped.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when the turn does not come in time; when the
    /// work panics, or the program stops.
    pub async fn run<T: Send + 'static>(
        &self,
        tenant: Tenant,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.turn(tenant).await?;
        self.run_in(turn, work).await
    }

    /// A turn of this tenant, for work that needs something which should not be held while waiting.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when it does not come in time.
    pub async fn turn(&self, tenant: Tenant) -> Result<Portion, Error> {
        self.turns.take(tenant, 1, self.patience).await
    }

    /// Runs `work` in a turn. It must not open a database connection, which would be served with the priority of these
    /// threads for as long as it lives.
    ///
    /// # Errors
    /// When the work panics, or the program stops.
    pub async fn run_in<T: Send + 'static>(
        &self,
        turn: Portion,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let threads = self.threads.0.as_ref().map(Runtime::handle).ok_or_else(|| Error::internal(Stopped))?;
        let work = async move {
            // Held by the work: a client that hangs up must not free the turn while the core is still busy.
            let _turn = turn;
            work.await
        };
        threads.spawn(work.in_current_span()).await.map_err(|error| Error::internal(error))
    }
}

/// Where a request's work runs: much of it on the workers, little in place.
#[derive(Clone)]
pub struct Lane(Option<(Workers, Tenant)>);

impl Lane {
    pub const INLINE: Self = Self(None);

    /// For much work, of this tenant.
    pub fn of(workers: &Workers, tenant: Tenant) -> Self {
        Self(Some((workers.clone(), tenant)))
    }

    /// # Errors
    /// As [`Workers::run`].
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        match &self.0 {
            Some((workers, tenant)) => workers.run(*tenant, work).await,
            None => Ok(work.await),
        }
    }
}

/// The threads, until the last [`Workers`] is dropped.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropping the runtime would block, which is forbidden in async code.
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the program stops: its workers are gone")]
struct Stopped;

/// Lowers the priority: a thread that serves a request does not wait for work of tens of milliseconds. The workers get what
/// other threads leave, and a small part where they leave nothing.
fn yield_to_others() {
    if let Err(error) = step_aside() {
        tracing::debug!(?error, "the workers have the priority of everything else");
    }
}

/// Linux lets a normal thread run until the next tick, 4 ms later, however low its priority; one of the idle class is
/// preempted at once.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureKind;
    use crate::ids::OrgId;
    use std::sync::mpsc;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// The test's runtime has one thread; work that blocked it would never end.
    #[tokio::test]
    async fn others_are_served_while_they_work_and_a_turn_ends_with_its_work() {
        let workers = Workers::start("pieces of work", 1, PATIENCE).unwrap();
        let turns = workers.turns.free();
        let (end, ended) = mpsc::channel::<()>();
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let ended = std::sync::Mutex::new(ended);
        let ended = Arc::new(ended);
        let mut clients = Vec::new();
        for _ in 0..turns {
            let (workers, begun, ended) = (workers.clone(), begun.clone(), ended.clone());
            clients.push(tokio::spawn(async move {
                let work = async move {
                    begun.send(std::thread::current().id()).unwrap();
                    ended.lock().unwrap().recv().unwrap();
                };
                workers.run(None, work).await
            }));
            assert_ne!(begins.recv().await.unwrap(), std::thread::current().id());
        }
        assert_eq!(workers.turns.free(), 0);
        clients.iter().for_each(|client| client.abort());
        for client in clients {
            assert!(client.await.unwrap_err().is_cancelled());
        }
        assert_eq!(workers.turns.free(), 0, "the cores are still busy");
        (0..turns).for_each(|_| end.send(()).unwrap());
        assert_eq!(workers.run(None, async { 7 }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_frees_the_turn() {
        let workers = Workers::start("pieces of work", 1, PATIENCE).unwrap();
        let turns = workers.turns.free();
        for _ in 0..=turns {
            let failed = workers.run(None, async { panic!("as it may happen") }).await;
            assert!(failed.as_ref().is_err_and(|error| error.failure() == Some(FailureKind::Internal)));
        }
    }

    #[tokio::test]
    async fn little_is_done_where_it_is() {
        let (here, workers) =
            (std::thread::current().id(), Workers::start("pieces of work", 1, PATIENCE).unwrap());
        let thread = async { std::thread::current().id() };
        assert_eq!(Lane::INLINE.run(thread).await.unwrap(), here);
        let org = Some(OrgId(uuid::Uuid::nil()));
        assert_ne!(Lane::of(&workers, org).run(async { std::thread::current().id() }).await.unwrap(), here);
    }
}
