//! Work that recurs in each instance while the program serves.

use crate::{error::Error, telemetry::Metrics};
use std::{future::Future, pin::Pin, time::Duration};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

type Work = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> + Send + Sync>;

/// What is done again and again. A failure is logged and counted, and the next time comes as if it had not failed.
pub struct Periodic {
    /// Its label in the metrics.
    name: &'static str,
    every: Duration,
    work: Work,
}

impl Periodic {
    pub fn new<F, T>(
        name: &'static str,
        every: Duration,
        work: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let work = move || -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> {
            let work = work();
            Box::pin(async move { work.await.map(drop) })
        };
        Self { name, every, work: Box::new(work) }
    }

    async fn run(self, metrics: Metrics, stopped: CancellationToken) {
        let mut times = tokio::time::interval(self.every);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopped.run_until_cancelled(times.tick()).await.is_some() {
            // Awaited, not cancelled: what it has taken from memory would be lost.
            self.once(&metrics).await;
        }
    }

    async fn once(&self, metrics: &Metrics) {
        // In a task of its own, so that a panic does not end the recurrence.
        let done = tokio::spawn((self.work)()).await.unwrap_or_else(|panic| Err(Error::internal(panic)));
        metrics.periodic(self.name, if done.is_ok() { "done" } else { "failed" });
        if let Err(error) = done {
            tracing::warn!(work = self.name, %error, cause = ?error.cause(), "periodic work failed");
        }
    }
}

/// Does each at its times until `stopped`, at once for the first time; then ends what is under way.
pub async fn run_periodic(all: Vec<Periodic>, metrics: Metrics, stopped: impl Future<Output = ()>) {
    let token = CancellationToken::new();
    let mut running = JoinSet::new();
    for periodic in all {
        running.spawn(periodic.run(metrics.clone(), token.clone()));
    }
    stopped.await;
    token.cancel();
    while running.join_next().await.is_some() {}
}
