//! Carrying out what is due.

use super::{
    Failed, Handlers,
    entity::Model,
    handler::{ErasedHandler, Performed},
    queue::{self, Claim},
};
use crate::{
    db::{Database, Origin},
    error::{Error, FailureKind},
    telemetry::Metrics,
};
use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Jobs of one kind that one instance carries out at a time. Each kind has its own, so that none waits for another.
const AT_ONCE: usize = 4;
/// Tries before a job is given up: with the delays of [`delay`] some 16 hours.
const MOST_ATTEMPTS: usize = 9;
const FIRST_DELAY: Duration = Duration::from_secs(10);
const LONGEST_DELAY: Duration = Duration::from_secs(6 * 3600);

#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// The longest that [`Handler::perform`](super::Handler::perform) takes, and [`finish`](super::Handler::finish): then
    /// they are cancelled.
    pub limit: Duration,
    /// After which a claimed job may be claimed again, because its instance is taken for dead. Well above twice the
    /// `limit`, so that nobody performs a job while another does.
    pub lease: Duration,
    /// How often jobs of other instances are looked for. Those of this instance wake it.
    pub look_every: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let [limit, lease, look_every] = [110, 300, 2].map(Duration::from_secs);
        Self { limit, lease, look_every }
    }
}

/// Carries out due jobs. Clones share what they need.
#[derive(Clone)]
pub struct Worker {
    db: Database,
    handlers: Handlers,
    metrics: Metrics,
    timing: Timing,
}

impl Worker {
    pub fn new(db: Database, handlers: Handlers, metrics: Metrics, timing: Timing) -> Self {
        Self { db, handlers, metrics, timing }
    }

    /// Carries out jobs until `stopped`, then ends those that it began. What has not ended by the `deadline` is cancelled:
    /// another instance begins it anew when its lease ends.
    pub async fn run(self, stopped: impl Future<Output = ()>, deadline: impl Future<Output = ()>) {
        let token = CancellationToken::new();
        let mut kinds = JoinSet::new();
        for kind in self.handlers.kinds() {
            kinds.spawn(self.clone().run_kind(kind, token.clone()));
        }
        stopped.await;
        token.cancel();
        let ended = async { while kinds.join_next().await.is_some() {} };
        tokio::select! {
            () = ended => {}
            () = deadline => tracing::warn!("jobs under way are left to the end of their lease"),
        }
    }

    /// Carries out jobs of one kind until `stopped`, then ends those that it began.
    async fn run_kind(self, kind: &'static str, stopped: CancellationToken) {
        let mut committed = self.db.jobs_committed();
        let mut running = JoinSet::new();
        let mut fails = false;
        loop {
            committed.mark_unchanged();
            let begun = self.begin_due(kind, &mut running).await;
            match &begun {
                // Once per outage.
                Err(error) if !fails => {
                    tracing::warn!(kind, %error, cause = ?error.cause(), "jobs cannot be claimed");
                }
                Ok(_) if fails => tracing::info!(kind, "jobs can be claimed again"),
                _ => {}
            }
            fails = begun.is_err();
            let wait = begun.unwrap_or(self.timing.look_every);
            tokio::select! {
                biased;
                () = stopped.cancelled() => break,
                _ = running.join_next(), if !running.is_empty() => while running.try_join_next().is_some() {},
                Ok(()) = committed.changed(), if running.len() < AT_ONCE => {}
                () = tokio::time::sleep(wait), if running.len() < AT_ONCE => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Carries out whatever is due, one after the other, until nothing is; says how many attempts it took.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work_off(&self) -> Result<u64, Error> {
        let mut attempts = 0;
        loop {
            let claimed = queue::claim(&self.db, self.handlers.kinds(), 1, self.timing.lease).await?;
            let Some(job) = claimed.into_iter().next() else { return Ok(attempts) };
            self.carry_out(job).await;
            attempts += 1;
        }
    }

    /// Begins what is due and there is room for; says how long until it is worth looking again.
    async fn begin_due(&self, kind: &'static str, running: &mut JoinSet<()>) -> Result<Duration, Error> {
        let room = AT_ONCE - running.len();
        if room == 0 {
            return Ok(self.timing.look_every);
        }
        // Read first, because an idle instance must not take the turn of writers every few seconds.
        let now = self.db.clock().now();
        match queue::next_due(&self.db, kind).await? {
            Some(due) if due <= now => {
                let count = u64::try_from(room).unwrap_or(1);
                for job in queue::claim(&self.db, [kind], count, self.timing.lease).await? {
                    let worker = self.clone();
                    running.spawn(async move { worker.carry_out(job).await });
                }
                Ok(self.timing.look_every)
            }
            Some(due) => Ok(due.since(now).min(self.timing.look_every)),
            None => Ok(self.timing.look_every),
        }
    }

    async fn carry_out(&self, job: Model) {
        let Some((kind, handler)) = self.handlers.of(&job.kind) else { return };
        // In a task of its own, so that a panic is a failure of this job. Dropping the set cancels it.
        let mut attempt = JoinSet::new();
        let (worker, attempted, its) = (self.clone(), job.clone(), Arc::clone(&handler));
        attempt.spawn(async move { worker.attempt(&attempted, &*its).await });
        let outcome = match attempt.join_next().await {
            None => return,
            Some(Ok(outcome)) => outcome,
            Some(Err(panic)) => Err(Failed::Retry(Error::internal(panic))),
        };
        let outcome = match outcome {
            Ok(Claim::Ours | Claim::Gone) => "done",
            // This attempt took longer than its lease.
            Ok(Claim::Lost) => "lost",
            Err(failed) => self.failed(&job, &*handler, failed).await,
        };
        self.metrics.job(kind, outcome);
    }

    async fn attempt(&self, job: &Model, handler: &dyn ErasedHandler) -> Result<Claim, Failed> {
        let before = attempts(job).saturating_sub(1);
        if before > 0 && handler.retry_after(before).is_none() {
            // No attempt failed: the instances ended during them.
            return Err(Failed::GiveUp(Error::internal(NeverEnded)));
        }
        let performed = self.in_time(handler.perform(job.payload.as_str())).await?;
        // Only this again, not what left the database.
        let again = |failed: &Failed| match failed {
            Failed::Retry(error) => matches!(
                error.failure(),
                Some(FailureKind::Contended | FailureKind::Unavailable | FailureKind::OutcomeUnknown)
            ),
            Failed::GiveUp(_) => false,
        };
        (async || self.end(job, handler, &performed).await).retry(reruns()).when(again).await
    }

    /// Ends the job in one transaction with what its handler writes. One that was committed without an answer is found ended.
    async fn end(
        &self,
        job: &Model,
        handler: &dyn ErasedHandler,
        performed: &Performed,
    ) -> Result<Claim, Failed> {
        let tx = self.db.write(Origin { tenant: job.org_id, ..Origin::system() }).await?;
        let claim = queue::lock(&tx, job).await?;
        if claim == Claim::Ours {
            self.in_time(handler.finish(&tx, job.payload.as_str(), performed)).await?;
            queue::end(&tx, job.id).await?;
            tx.commit().await?;
        }
        Ok(claim)
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
        tokio::time::timeout(self.timing.limit, work).await.map_err(|_| Failed::Retry(Error::timed_out()))?
    }

    async fn failed(&self, job: &Model, handler: &dyn ErasedHandler, failed: Failed) -> &'static str {
        let (error, after) = match failed {
            Failed::Retry(error) => (error, handler.retry_after(attempts(job))),
            Failed::GiveUp(error) => (error, None),
        };
        let (kind, id, attempts) = (&job.kind, job.id, job.attempts);
        let cause = error.cause();
        let text = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        match queue::note_failure(&self.db, job, text, after).await {
            Ok(true) => {}
            Ok(false) => return "lost",
            // Its lease ends by itself.
            Err(error) => {
                tracing::warn!(kind, %id, %error, cause = ?error.cause(), "a job's failure is not stored")
            }
        }
        match after {
            Some(after) => {
                tracing::warn!(kind, %id, attempts, ?after, %error, ?cause, "a job failed");
                "failed"
            }
            None => {
                tracing::error!(kind, %id, attempts, %error, ?cause, "a job was given up");
                "given_up"
            }
        }
    }
}

/// How often, and after which pauses, the end of a job is tried again when the database fails: for some seconds.
fn reruns() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(20))
        .with_max_delay(Duration::from_secs(2))
        .with_max_times(8)
        .with_jitter()
}

fn attempts(job: &Model) -> usize {
    usize::try_from(job.attempts).unwrap_or_default()
}

/// How long to wait after so many attempts; `None` after the last.
pub(super) fn delay(attempts: usize) -> Option<Duration> {
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(FIRST_DELAY)
        .with_factor(4.0)
        .with_max_delay(LONGEST_DELAY)
        .with_max_times(MOST_ATTEMPTS - 1)
        .build();
    delays.nth(attempts.saturating_sub(1))
}

#[derive(Debug, thiserror::Error)]
#[error("every instance that tried it ended before it did")]
struct NeverEnded;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_ends() {
        let seconds = |attempts| delay(attempts).map(|delay| delay.as_secs());
        let all: Vec<_> = (1..=9).map(seconds).collect();
        let wanted = [10, 40, 160, 640, 2560, 10_240, 21_600, 21_600].map(Some);
        assert_eq!((&all[..8], all[8]), (&wanted[..], None));
        assert!(seconds(usize::MAX).is_none());
    }
}
