//! `coulisses restore`.

use super::{CliError, backup, migrate, progress, random, say};
use crate::{clock::Clock, config::Config, transfer};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The file that `coulisses backup` wrote.
    #[arg(long = "in", value_name = "FILE")]
    file: PathBuf,
    /// Even if there is a database: all that it has is lost for good.
    #[arg(long)]
    replace: bool,
}

impl Restore {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let database = backup::file_of(config)?;
        let clock = Clock::system();
        let begun = clock.elapsed();
        let waits = || say(migrate::WAITING);
        let copied = transfer::restore(&self.file, database, self.replace, random()?, waits).await?;
        let took = (clock.elapsed() - begun).as_secs_f64();
        let size = progress::size(copied.bytes);
        let (database, file) = (database.display(), self.file.display());
        say(&format!("restored {database} from {file} ({size} in {took:.1} s)"));
        say(&format!("its schema is of the step {}; `coulisses serve` brings it up to date", copied.step));
        Ok(())
    }
}
