//! `coulisses export`.

use super::{CliError, migrate, must_exist, progress, say, warn};
use crate::{
    clock::Clock,
    config::Config,
    db::migrations,
    ids::OrgId,
    transfer::{self, Draft, Moved, Scope},
};
use clap::Args;
use std::{
    io::{BufWriter, Write},
    path::PathBuf,
};

/// Lines are short; the system is asked to write many at once.
pub(super) const BUFFER: usize = 1 << 18;

#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file to write; `-` is standard output. It holds password hashes: only its owner may read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One organisation only, by its id, without password hashes, sessions, links and jobs.
    #[arg(long, value_name = "ID")]
    org: Option<String>,
    /// Write a new file even if there is one.
    #[arg(long)]
    force: bool,
}

impl Export {
    pub(super) async fn run(self, config: &Config) -> Result<(), CliError> {
        must_exist(config)?;
        let scope =
            match &self.org {
                None => Scope::Whole,
                Some(id) => Scope::Org(id.parse::<OrgId>().map_err(|rule| {
                    CliError::Refused(format!("--org {rule}; `coulisses org list` shows it"))
                })?),
            };
        let db = migrate::patient(config).await?;
        if migrations::known(&db).await?.is_empty() {
            return Err(CliError::Refused(
                "the database has no schema yet, so there is nothing to export; check DATABASE_URL".into(),
            ));
        }
        let (clock, bar) = (Clock::system(), progress::Bar::start("exporting"));
        let begun = clock.elapsed();
        let show = |done, of| bar.show(done, of);
        let export = async |out: &mut (dyn Write + Send)| {
            let mut out = BufWriter::with_capacity(BUFFER, out);
            transfer::export(&db, scope, clock.now(), &mut out, &show).await
        };
        if self.out.as_os_str() == "-" {
            let moved = export(&mut std::io::stdout()).await?;
            drop(bar);
            // Standard output is the export's.
            lines(&moved, "to standard output".into()).iter().for_each(|line| warn(line));
        } else {
            let draft = Draft::create(&self.out, self.force, &config.database_url)?;
            let moved = export(&mut draft.file()).await?;
            let bytes = draft.complete()?;
            drop(bar);
            let took = (clock.elapsed() - begun).as_secs_f64();
            let to = format!("to {} ({} in {took:.1} s)", self.out.display(), progress::size(bytes));
            lines(&moved, to).iter().for_each(|line| say(line));
        }
        Ok(db.close().await?)
    }
}

pub(super) fn lines(moved: &Moved, to: String) -> [String; 2] {
    let rows = progress::rows(moved.total());
    [format!("exported {rows} of {} tables {to}", moved.rows.len()), format!("checksum {}", moved.checksum)]
}
