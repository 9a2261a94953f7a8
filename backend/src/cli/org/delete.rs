//! `coulisses org delete`.

use crate::{
    cli::{CliError, export, progress, say},
    config::Config,
    db::{Origin, Pool, Tx},
    ids::OrgId,
    resources::privacy::{self, Deleted},
    state::App,
    transfer::{self, Draft, Scope, TransferError},
};
use clap::Args;
use std::{io::BufWriter, path::PathBuf};

#[derive(Debug, Args)]
pub(in crate::cli) struct Deletion {
    /// The file to write what it has to, as `coulisses export --org` does, before it is deleted.
    #[arg(long, value_name = "FILE")]
    export: PathBuf,
    /// Write a new file even if there is one.
    #[arg(long)]
    force: bool,
    /// Do it; without this nothing is written and nothing deleted.
    #[arg(long)]
    yes: bool,
}

/// A large org takes longer than a request may.
pub(super) fn with_patience(config: Config) -> Config {
    Config { pool: Pool { statement_timeout: None, ..config.pool }, ..config }
}

impl Deletion {
    pub(super) async fn run(self, app: &App, org: OrgId) -> Result<(), CliError> {
        if self.export.as_os_str() == "-" {
            return Err(CliError::Refused(
                "--export must name a file: what is deleted must be on the disk before".into(),
            ));
        }
        if !self.yes {
            let rows = progress::rows(transfer::rows_of(&app.db, Scope::Org(org)).await?);
            return Err(CliError::Refused(format!(
                "nothing was changed; to write the {rows} of {org} to {} and delete it for good, add --yes. The file can be imported into \
                    another database, and not into this one, whose audit log stays",
                self.export.display()
            )));
        }
        let draft = Draft::create(&self.export, self.force, &app.config.database_url)?;
        let bar = progress::Bar::start("exporting");
        let tx = app.db.write(Origin::system()).await?;
        privacy::hold_still(&tx, org).await?;
        let mut out = BufWriter::with_capacity(export::BUFFER, draft.file());
        let show = |done, of| bar.show(done, of);
        let moved = transfer::export_from(&tx, Scope::Org(org), tx.now, &mut out, &show).await?;
        drop(out);
        let bytes = draft.complete()?;
        drop(bar);
        let to = format!("to {} ({})", self.export.display(), progress::size(bytes));
        export::lines(&moved, to).iter().for_each(|line| say(line));
        // Only now, with the file in its place.
        let Deleted { rows, logins } = delete(tx, org).await.map_err(|error| {
            CliError::Refused(format!(
                "the export stays where it is; `coulisses org list` says whether the organisation does: {error}"
            ))
        })?;
        let rows = progress::rows(rows);
        say(&format!(
            "deleted {org}: {rows}, and {logins} logins that no other organisation has; its audit log stays, without details"
        ));
        say("what was backed up before still has it: restore no such copy without deleting again");
        Ok(())
    }
}

async fn delete(tx: Tx, org: OrgId) -> Result<Deleted, TransferError> {
    let deleted = privacy::delete_org(&tx, org).await?;
    tx.commit().await?;
    Ok(deleted)
}
