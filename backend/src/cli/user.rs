//! `coulisses user`: what people may ask for about themselves.

use super::{CliError, member::OfOrg, migrate, must_exist, print, say, start};
use crate::{
    config::Config,
    db::Origin,
    error::{Error, NotFound},
    ids::{OrgId, UserId},
    resources::{
        privacy::{self, EraseError, Erased},
        users,
    },
    state::App,
    text::EmailKey,
    transfer::Draft,
};
use clap::{Args, Subcommand};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Whom.
#[derive(Debug, Args)]
pub(super) struct Person {
    #[command(flatten)]
    of: OfOrg,
    /// The person's id or e-mail.
    #[arg(long)]
    user: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Write what an organisation has about a person, as JSON: for whoever asks for a copy of it.
    Export {
        #[command(flatten)]
        person: Person,
        /// The file to write, which only its owner may read; `-` is standard output.
        #[arg(long)]
        out: PathBuf,
        /// Write a new file even if there is one.
        #[arg(long)]
        force: bool,
    },
    /// Forget who a person was, for whoever asks for that: names, addresses, free texts and what the audit log has of them go for
    /// good, and so does their login if no other organisation needs it. Missions, answers and totals stay.
    Erase {
        #[command(flatten)]
        person: Person,
        /// Do it; without this nothing is changed.
        #[arg(long)]
        yes: bool,
    },
}

impl User {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        must_exist(&config)?;
        let app = start(config).await?;
        migrate::must_be_current(&app).await?;
        match self {
            Self::Export { person, out, force } => {
                let (org, id) = person.find(&app).await?;
                let db = app.db.reader(true).await?;
                let data = privacy::export(&db, org, id, app.db.clock().now()).await?;
                drop(db);
                let text =
                    serde_json::to_string_pretty(&data).map_err(|error| Error::internal(error))? + "\n";
                write(&out, force, &text)?;
            }
            Self::Erase { person, yes } => {
                let (org, id) = person.find(&app).await?;
                erase(&app, org, id, yes).await?;
            }
        }
        Ok(app.db.close().await?)
    }
}

fn write(out: &Path, force: bool, text: &str) -> Result<(), CliError> {
    if out == Path::new("-") {
        print(text);
        return Ok(());
    }
    let draft = Draft::create(out, force)?;
    let failed = |source| CliError::Io { what: format!("cannot write {}", out.display()), source };
    draft.file().write_all(text.as_bytes()).map_err(failed)?;
    draft.complete()?;
    Ok(())
}

impl Person {
    async fn find(&self, app: &App) -> Result<(OrgId, UserId), CliError> {
        let org = self.of.find(app).await?;
        let nobody =
            || CliError::Refused(format!("the organisation has no person {:?}; check --user", self.user));
        if let Ok(id) = self.user.trim().parse::<UserId>() {
            users::exists(&app.db, org, id).await.map_err(|error| match error.is::<NotFound>() {
                true => nobody(),
                false => error.into(),
            })?;
            return Ok((org, id));
        }
        match &*users::by_email(&app.db, org, &EmailKey::of(self.user.trim())).await? {
            [] => Err(nobody()),
            [id] => Ok((org, *id)),
            several => {
                let ids: Vec<_> = several.iter().map(ToString::to_string).collect();
                Err(CliError::Refused(format!(
                    "several people have that e-mail; name one by id: {}",
                    ids.join(", ")
                )))
            }
        }
    }
}

async fn erase(app: &App, org: OrgId, id: UserId, confirmed: bool) -> Result<(), CliError> {
    let tx = app.db.write(Origin::system()).await?;
    let erased = privacy::erase(&tx, org, id).await.map_err(|error| match error {
        EraseError::Failed(error) => error.into(),
        refused => CliError::Refused(refused.to_string()),
    })?;
    if !confirmed {
        return Err(CliError::Refused(format!(
            "nothing was changed; to forget who {id} was for good, add --yes (`coulisses user export` writes a copy first)"
        )));
    }
    tx.commit().await?;
    say(match erased {
        Erased::WithoutLogin => "erased",
        Erased::WithLogin => "erased, with their login",
        Erased::LoginElsewhere => {
            "erased; their login stays, because they are a member of another organisation"
        }
    });
    say("what was backed up before still has them: restore no such copy without erasing again");
    Ok(())
}
