//! Threads for work that keeps a core busy for milliseconds: compressing, writing and reading large JSON, planning a
//! thousand items. On the threads that serve requests it would keep everybody else waiting; here it waits for its turn,
//! fairly by org ([`Fair`]), and runs with a lower priority.

use crate::{
    error::Error,
    fair::{Fair, Tenant},
};
use std::{sync::Arc, time::Duration};
use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tokio::runtime::{self, Runtime};

/// The longest that a turn is waited for: longer than a request may take, whose own limit ends the wait.
const PATIENCE: Duration = Duration::from_secs(60);
/// From 0 to 99. Unlike password hashing (`auth::password`) it is what a caller who did nothing wrong waits for, also
/// where the machine has much else to do: it is not to starve then (on Linux a niceness of 9).
const PRIORITY: u8 = 25;

/// The threads. Clones share them.
#[derive(Clone)]
pub struct Workers {
    turns: Fair,
    threads: Arc<Threads>,
}

impl Workers {
    /// Half of the processor's cores may work at a time.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start() -> std::io::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let number = (cores / 2).max(1);
        let threads = runtime::Builder::new_multi_thread()
            .worker_threads(number)
            .thread_name("worker")
            .on_thread_start(yield_to_others)
            .build()?;
        let turns = Fair::new("heavy pieces of work", number, number);
        Ok(Self { turns, threads: Arc::new(Threads(Some(threads))) })
    }

    /// Does work for this tenant. Begun, it runs to its end, whatever becomes of who waits for it.
    ///
    /// # Errors
    /// When the work panics, or the program stops.
    pub async fn run<T: Send + 'static>(
        &self,
        tenant: Tenant,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.turns.take(tenant, 1, PATIENCE).await?;
        let threads = self.threads.0.as_ref().map(Runtime::handle).ok_or_else(|| Error::internal(Stopped))?;
        let work = threads.spawn(async move {
            // Held by the work: a client that hangs up must not free the turn while the core is still busy.
            let _turn = turn;
            work.await
        });
        work.await.map_err(Error::internal)
    }
}

/// Where a request's work is done: much of it by the workers, little at once where it is.
#[derive(Clone)]
pub struct Lane(Option<(Workers, Tenant)>);

impl Lane {
    /// For little.
    pub const HERE: Self = Self(None);

    /// For much, of this tenant.
    pub fn of(workers: &Workers, tenant: Tenant) -> Self {
        Self(Some((workers.clone(), tenant)))
    }

    /// Does the work.
    ///
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

/// They are there until the last [`Workers`] goes.
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
#[error("the program stops: its workers are gone")]
struct Stopped;

fn yield_to_others() {
    let lower = ThreadPriorityValue::try_from(PRIORITY).map(ThreadPriority::Crossplatform);
    let set = lower.map(thread_priority::set_current_thread_priority);
    if !matches!(set, Ok(Ok(()))) {
        tracing::debug!(?set, "the workers have the priority of everything else");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OrgId;
    use std::sync::mpsc;

    /// The test's runtime has one thread; work that blocked it would never see its end.
    #[tokio::test]
    async fn others_are_served_while_they_work_and_a_turn_ends_with_its_work() {
        let workers = Workers::start().unwrap();
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
        let workers = Workers::start().unwrap();
        let turns = workers.turns.free();
        for _ in 0..=turns {
            let failed = workers.run(None, async { panic!("as it may happen") }).await;
            assert!(matches!(failed, Err(Error::Internal(_))));
        }
    }

    #[tokio::test]
    async fn little_is_done_where_it_is() {
        let (here, workers) = (std::thread::current().id(), Workers::start().unwrap());
        let thread = async { std::thread::current().id() };
        assert_eq!(Lane::HERE.run(thread).await.unwrap(), here);
        let org = Some(OrgId(uuid::Uuid::nil()));
        assert_ne!(Lane::of(&workers, org).run(async { std::thread::current().id() }).await.unwrap(), here);
    }
}
