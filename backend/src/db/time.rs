//! Whose clock counts. Instances over one PostgreSQL compare what each of them wrote: when a session was renewed, a link
//! expires, an answer was kept. The clocks of their machines differ, so each follows the server's: it is asked now and then,
//! and between two answers the clock runs on by the machine's own even count, which costs a request nothing.
//!
//! Instances over one SQLite file are on one machine, which has one clock. A fixed clock (tests) follows nobody.

use super::Database;
use crate::{
    error::{Error, FailureKind},
    timestamp::Timestamp,
};
use sea_orm::{DbBackend, DbErr, FromQueryResult, Statement};
use std::time::Duration;

/// How often the server is asked: the machine may have slept, or another server may have taken over.
pub const ASKED_EVERY: Duration = Duration::from_secs(10);
/// An answer that takes longer tells too little: the time that it says passed somewhere on its way.
const SOON_ENOUGH: Duration = Duration::from_secs(1);
/// The fastest of so many answers counts.
const QUESTIONS: usize = 3;
/// A difference that is worth a line in the log.
const NOTABLE_MICROS: u64 = 1_000_000;

#[derive(Debug, thiserror::Error)]
#[error("the database does not say what time it is within {SOON_ENOUGH:?}")]
struct TooSlow;

#[derive(FromQueryResult)]
struct Said {
    micros: i64,
}

impl Database {
    /// Asks PostgreSQL what time it is, and follows it from there.
    ///
    /// # Errors
    /// When it does not answer in time; the clock then runs on as before.
    pub async fn follow_clock(&self) -> Result<(), Error> {
        if self.connection.get_database_backend() != DbBackend::Postgres || !self.clock.follows() {
            return Ok(());
        }
        let mut fastest = self.ask_time().await?;
        for _ in 1..QUESTIONS {
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
        let said = tokio::time::timeout(SOON_ENOUGH, question.one(self)).await;
        let took = self.clock.elapsed().saturating_sub(sent);
        let said = said.map_err(|_| Error::failed(FailureKind::Unavailable, TooSlow))??;
        let said = said.ok_or_else(|| DbErr::RecordNotFound("the time".into()))?;
        Ok(Answer { said: Timestamp::from_micros(said.micros), at: sent + took / 2, took })
    }
}

/// What the server said, when it probably did, and how long that took: the error is half of it at most.
struct Answer {
    said: Timestamp,
    at: Duration,
    took: Duration,
}
