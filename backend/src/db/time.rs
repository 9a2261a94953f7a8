//! Instances over one PostgreSQL compare timestamps that other instances wrote (a session renewed, a link expired, a
//! response stored), and the clocks of their machines differ. So each follows the server's: it asks every [`ASKED_EVERY`],
//! and between two responses runs by the machine's monotonic clock, which costs a request nothing.
//!
//! Instances over one SQLite file are on one machine, which has one clock. A fixed clock (tests) follows no server.

use super::Database;
use crate::{
    error::{Error, FailureKind},
    timestamp::Timestamp,
};
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};
use std::time::Duration;

/// How often the server is asked: the machine may have slept, or another server may have taken over.
pub const ASKED_EVERY: Duration = Duration::from_secs(10);
/// A slower response is too inaccurate: its time passed somewhere on the way.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(1);
/// The fastest of this many responses counts.
const SAMPLES: usize = 3;
/// A larger difference is logged.
const NOTABLE_MICROS: u64 = 1_000_000;

#[derive(Debug, thiserror::Error)]
#[error("the database does not say what time it is within {MAX_ROUND_TRIP:?}")]
struct TooSlow;

#[derive(FromQueryResult)]
struct Said {
    micros: i64,
}

impl Database {
    /// Asks PostgreSQL for the time and follows it from there; does nothing with SQLite.
    ///
    /// # Errors
    /// When the server does not respond in time; the clock then runs on as before.
    pub async fn follow_clock(&self) -> Result<(), Error> {
        if self.connection.get_database_backend() != DbBackend::Postgres || !self.clock.follows() {
            return Ok(());
        }
        let mut fastest = self.ask_time().await?;
        for _ in 1..SAMPLES {
            let next = self.ask_time().await?;
            if next.took < fastest.took {
                fastest = next;
            }
        }
        let before = self.clock.now();
        self.clock.follow(fastest.said, fastest.at);
        let moved_micros = self.clock.now().as_micros().abs_diff(before.as_micros());
        if moved_micros > NOTABLE_MICROS {
            let seconds = moved_micros / 1_000_000;
            tracing::warn!(
                seconds,
                "this machine's clock is not the database's, which counts; set both by NTP"
            );
        }
        Ok(())
    }

    async fn ask_time(&self) -> Result<Answer, Error> {
        let sql = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) AS micros";
        let question = Said::find_by_statement(Statement::from_string(DbBackend::Postgres, sql));
        let sent = self.clock.elapsed();
        let said = tokio::time::timeout(MAX_ROUND_TRIP, question.one(self)).await;
        let took = self.clock.elapsed().saturating_sub(sent);
        let said = said.map_err(|_| Error::failed(FailureKind::Unavailable, TooSlow))??;
        let said = said.ok_or_else(|| DbErr::RecordNotFound("the time".into()))?;
        Ok(Answer { said: Timestamp::from_micros(said.micros), at: sent + took / 2, took })
    }
}

/// The server's time, the instant that it probably belongs to, and the round trip: the error is half of it at most.
struct Answer {
    said: Timestamp,
    at: Duration,
    took: Duration,
}
