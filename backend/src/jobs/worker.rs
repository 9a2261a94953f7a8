//! Carrying out what is due.

use super::{Failed, Handlers, entity::Model, handler::Carrier, queue};
use crate::{
    db::{Database, Origin},
    error::Error,
    telemetry::Metrics,
};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::{future::Future, time::Duration};
use tokio::task::JoinSet;

/// Jobs that one instance carries out at a time.
const AT_ONCE: usize = 4;
/// How often a job of another instance is looked for. Those of this instance wake it.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Tries before a job is given up: with the delays of [`delay`] some 16 hours.
const MOST_ATTEMPTS: usize = 9;
const FIRST_DELAY: Duration = Duration::from_secs(10);
const LONGEST_DELAY: Duration = Duration::from_secs(6 * 3600);

/// How long a job may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For [`Handler::perform`](super::Handler::perform), which is then cancelled.
    pub limit: Duration,
    /// After which a claimed job may be claimed again, because its instance is taken for dead. Well above `limit`, so that
    /// nobody performs a job while another does.
    pub lease: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { limit: Duration::from_secs(30), lease: Duration::from_secs(120) }
    }
}

/// Carries out due jobs. Clones share what they need.
#[derive(Clone)]
pub struct Worker {
    db: Database,
    handlers: Handlers,
    metrics: Metrics,
    patience: Patience,
}

impl Worker {
    pub fn new(db: Database, handlers: Handlers, metrics: Metrics, patience: Patience) -> Self {
        Self { db, handlers, metrics, patience }
    }

    /// Carries out jobs until `stopped`, then ends those that it began.
    pub async fn run(self, stopped: impl Future<Output = ()>) {
        if self.handlers.kinds().next().is_none() {
            return stopped.await;
        }
        let mut running = JoinSet::new();
        tokio::pin!(stopped);
        loop {
            let wait = match self.begin_due(&mut running).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, cause = ?error.cause(), "jobs could not be claimed");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = &mut stopped => break,
                _ = running.join_next(), if !running.is_empty() => while running.try_join_next().is_some() {},
                () = self.db.jobs_committed(), if running.len() < AT_ONCE => {}
                () = tokio::time::sleep(wait), if running.len() < AT_ONCE => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Carries out whatever is due, one after the other, until nothing is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work_off(&self) -> Result<u64, Error> {
        let mut done = 0;
        loop {
            let claimed = queue::claim(&self.db, self.handlers.kinds(), 1, self.patience.lease).await?;
            let Some(job) = claimed.into_iter().next() else { return Ok(done) };
            self.carry_out(job).await;
            done += 1;
        }
    }

    /// Begins what is due and there is room for; says how long until it is worth looking again.
    async fn begin_due(&self, running: &mut JoinSet<()>) -> Result<Duration, Error> {
        let room = AT_ONCE - running.len();
        // Read first, because an idle instance must not take the turn of writers every few seconds.
        let now = self.db.clock().now();
        match queue::next_due(&self.db, self.handlers.kinds()).await? {
            Some(due) if due <= now && room > 0 => {
                let count = u64::try_from(room).unwrap_or(1);
                for job in queue::claim(&self.db, self.handlers.kinds(), count, self.patience.lease).await? {
                    let worker = self.clone();
                    running.spawn(async move { worker.carry_out(job).await });
                }
                // There may be more.
                Ok(if running.len() < AT_ONCE { Duration::ZERO } else { LOOK_EVERY })
            }
            Some(due) if due > now => Ok(due.since(now).min(LOOK_EVERY)),
            _ => Ok(LOOK_EVERY),
        }
    }

    async fn carry_out(&self, job: Model) {
        let Some((kind, carrier)) = self.handlers.of(&job.kind) else { return };
        let (outcome, told) = match self.attempt(&job, &*carrier).await {
            Ok(true) => ("done", Ok(())),
            // Another instance has it: this one took longer than its lease.
            Ok(false) => ("lost", Ok(())),
            Err(failed) => self.failed(&job, failed).await,
        };
        self.metrics.job(kind, outcome);
        if let Err(error) = told {
            // Its lease ends by itself.
            tracing::warn!(kind, id = %job.id, %error, cause = ?error.cause(), "the failure of a job could not be stored");
        }
    }

    /// Whether it was done; false when it was claimed again meanwhile, and nothing was written.
    async fn attempt(&self, job: &Model, carrier: &dyn Carrier) -> Result<bool, Failed> {
        if usize::try_from(job.attempts).is_ok_and(|attempts| attempts > MOST_ATTEMPTS) {
            // No attempt failed: the instances ended during them.
            return Err(Failed::Forever(Error::internal(NeverEnded)));
        }
        let payload = job.payload.as_str();
        let performed = tokio::time::timeout(self.patience.limit, carrier.perform(payload));
        performed.await.map_err(|_| Failed::Now(Error::timed_out()))??;
        let tx = self.db.write(Origin { tenant: job.org_id, ..Origin::system() }).await?;
        if !queue::lock_claimed(&tx, job).await? {
            return Ok(false);
        }
        carrier.finish(&tx, payload).await?;
        queue::delete(&tx, job.id).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn failed(&self, job: &Model, failed: Failed) -> (&'static str, Result<(), Error>) {
        let (error, after) = match failed {
            Failed::Now(error) => (error, delay(job.attempts)),
            Failed::Forever(error) => (error, None),
        };
        let (kind, id, attempts) = (&job.kind, job.id, job.attempts);
        let cause = error.cause();
        match after {
            Some(after) => tracing::warn!(kind, %id, attempts, ?after, %error, ?cause, "a job failed"),
            None => tracing::error!(kind, %id, attempts, %error, ?cause, "a job was given up"),
        }
        let text = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
        let told = queue::note_failure(&self.db, job, text, after).await;
        (if after.is_some() { "failed" } else { "given_up" }, told)
    }
}

/// How long to wait after so many attempts; `None` after the last.
fn delay(attempts: i32) -> Option<Duration> {
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(FIRST_DELAY)
        .with_factor(4.0)
        .with_max_delay(LONGEST_DELAY)
        .with_max_times(MOST_ATTEMPTS - 1)
        .build();
    delays.nth(usize::try_from(attempts).unwrap_or(1).saturating_sub(1))
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
        assert!(seconds(i32::MAX).is_none());
    }
}
