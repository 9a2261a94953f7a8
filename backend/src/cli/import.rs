//! `coulisses import`.

use super::{CliError, migrate, progress, random, say};
use crate::{
    clock::Clock,
    config::Config,
    transfer::{self, Import as Importing},
};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file that `coulisses export` wrote.
    #[arg(long = "in", value_name = "FILE")]
    file: PathBuf,
    /// Even into a database that has rows: all of them are lost for good.
    #[arg(long)]
    replace: bool,
}

impl Import {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        let (clock, bar) = (Clock::system(), progress::Bar::start("checking"));
        let begun = clock.elapsed();
        let import = Importing {
            url: &config.database_url,
            pool: config.pool,
            clock: clock.clone(),
            random: random()?,
            file: &self.file,
            replace: self.replace,
            waits: || say(migrate::WAITING),
        };
        let moved = transfer::import(import, &|done, of| bar.show(done, of)).await?;
        drop(bar);
        let took = (clock.elapsed() - begun).as_secs_f64();
        let (rows, tables) = (progress::rows(moved.total()), moved.rows.len());
        say(&format!("imported {rows} of {tables} tables into {} ({took:.1} s)", config.database_url));
        say(&format!("checksum {}", moved.checksum));
        Ok(())
    }
}
