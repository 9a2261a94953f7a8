//! `coulisses jobs`.

use super::{CliError, Listed, migrate, must_exist, say, start};
use crate::{config::Config, ids::JobId, jobs};
use clap::Subcommand;

/// More than anybody reads.
const MOST_LISTED: u64 = 1000;

#[derive(Debug, Subcommand)]
pub(super) enum Jobs {
    /// List the jobs that were given up, the first given up first.
    List {
        #[command(flatten)]
        listed: Listed,
    },
    /// Try jobs again that were given up: all of them, or one.
    Retry {
        /// The one, by its id.
        id: Option<String>,
    },
}

impl Jobs {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        must_exist(&config)?;
        let app = start(config).await?;
        migrate::must_be_current(&app).await?;
        match self {
            Self::List { listed } => {
                let given_up = jobs::given_up(&app.db, MOST_LISTED).await?;
                listed.print(&given_up, |job| {
                    let org = job.org.map_or(String::new(), |org| format!(" of organisation {org}"));
                    let error = job.error.as_deref().unwrap_or_default();
                    format!("{}  {}{org}, {} attempts: {error}", job.id, job.kind, job.attempts)
                })?;
            }
            Self::Retry { id } => {
                let only = id.map(|id| id.parse::<JobId>()).transpose();
                let only = only.map_err(|rule| CliError::Refused(format!("the id {rule}")))?;
                let count = jobs::retry(&app.db, only).await?;
                if only.is_some() && count == 0 {
                    return Err(CliError::Refused("no job with this id was given up".into()));
                }
                say(&format!(
                    "{count} job{} will be tried again by the next server",
                    if count == 1 { "" } else { "s" }
                ));
            }
        }
        Ok(app.db.close().await?)
    }
}
