//! `coulisses backup`.

use super::{CliError, must_exist, progress, say};
use crate::{clock::Clock, config::Config, db::DatabaseUrl, transfer};
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write. It holds everything, password hashes too: only its owner may read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write a new file even if there is one.
    #[arg(long)]
    force: bool,
}

impl Backup {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let database = file_of(config)?;
        must_exist(config)?;
        let clock = Clock::system();
        let begun = clock.elapsed();
        let copied = transfer::backup(database, &self.out, self.force).await?;
        let took = (clock.elapsed() - begun).as_secs_f64();
        let (file, size) = (self.out.display(), progress::size(copied.bytes));
        say(&format!("copied {} to {file} and checked the copy ({size} in {took:.1} s)", database.display()));
        Ok(())
    }
}

/// The file of a SQLite database.
pub(super) fn file_of(config: &Config) -> Result<&Path, CliError> {
    match &config.database_url {
        DatabaseUrl::Sqlite(file) => Ok(file),
        DatabaseUrl::Postgres(_) => Err(CliError::Refused(
            "backup and restore copy a SQLite file; PostgreSQL has pg_dump and pg_restore, and docs/moving.md says how, or use `coulisses \
                export`"
                .into(),
        )),
    }
}
