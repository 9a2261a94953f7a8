//! `coulisses jobs`.

use super::{CliError, Listed, migrate, must_exist, say, start, warn};
use crate::{config::Config, ids::JobId, jobs, state::App};
use clap::Subcommand;
use std::time::Duration;

/// More than anybody reads.
const MOST_LISTED: u64 = 1000;
/// What has been due for so long is not waiting for its turn only.
const OVERDUE: Duration = Duration::from_secs(3600);

#[derive(Debug, Subcommand)]
pub(super) enum Jobs {
    /// List the jobs that were given up, and those due for more than an hour, the longest due first.
    List {
        #[command(flatten)]
        listed: Listed,
    },
    /// Try jobs again that were given up: all of them, or one.
    Retry {
        /// The one, by its id.
        id: Option<String>,
    },
    /// Delete a job that was given up.
    Delete {
        /// Its id.
        id: String,
    },
}

impl Jobs {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        must_exist(&config)?;
        let app = start(config).await?;
        migrate::must_be_current(&app).await?;
        match self {
            Self::List { listed } => list(&app, &listed).await?,
            Self::Retry { id } => {
                let only = id.map(parse).transpose()?;
                let count = jobs::retry(&app.db, only).await?;
                if only.is_some() && count == 0 {
                    return Err(none_given_up());
                }
                let jobs = if count == 1 { "job" } else { "jobs" };
                say(&format!("{count} {jobs} will be tried again by the next server"));
            }
            Self::Delete { id } => {
                if !jobs::delete(&app.db, parse(id)?).await? {
                    return Err(none_given_up());
                }
                say("deleted");
            }
        }
        Ok(app.db.close().await?)
    }
}

fn parse(id: String) -> Result<JobId, CliError> {
    id.parse().map_err(|rule| CliError::Refused(format!("the id {rule}")))
}

fn none_given_up() -> CliError {
    CliError::Refused("no job with this id was given up; see `coulisses jobs list`".into())
}

async fn list(app: &App, listed: &Listed) -> Result<(), CliError> {
    let mut stuck = jobs::stuck(&app.db, OVERDUE, MOST_LISTED + 1).await?;
    let more = stuck.len() > usize::try_from(MOST_LISTED).unwrap_or(usize::MAX);
    stuck.truncate(usize::try_from(MOST_LISTED).unwrap_or(usize::MAX));
    listed.print(&stuck, |job| {
        let org = job.org.map_or(String::new(), |org| format!(" of organisation {org}"));
        let state = match job.given_up_at {
            Some(at) => format!("given up at {at} after {} attempts", job.attempts),
            None => format!("due since {}", job.due_at),
        };
        let error = job.error.as_deref().map_or(String::new(), |error| format!(": {error}"));
        format!("{}  {}{org}, {state}{error}", job.id, job.kind)
    })?;
    if more {
        warn(&format!("these are the first {MOST_LISTED}; there are more"));
    }
    Ok(())
}
