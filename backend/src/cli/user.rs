//! `coulisses user`: what people may ask for about themselves.

use super::{CliError, member::OfOrg, migrate, must_exist, print_all, say, start};
use crate::{
    config::Config,
    db::Origin,
    error::{Error, NotFound},
    ids::{OrgId, UserId},
    resources::{
        privacy::{self, EraseError, Erased, Person},
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
pub(super) struct Whom {
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
        person: Whom,
        /// The file to write, which only its owner may read; `-` is standard output.
        #[arg(long)]
        out: PathBuf,
        /// Write a new file even if there is one.
        #[arg(long)]
        force: bool,
    },
    /// Forget who a person was, for whoever asks for that: names, addresses, free texts and what the audit log has of them go for
    /// good, and so does their login if no other organisation needs it. Missions, answers and totals stay. An e-mail that no person
    /// of the organisation has may be that of a member's login, or of a login that no organisation needs any more.
    Erase {
        #[command(flatten)]
        person: Whom,
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
                write(&app, &out, force, &text)?;
            }
            Self::Erase { person, yes } => {
                let (org, who) = person.find_or_login(&app).await?;
                erase(&app, org, who, yes).await?;
            }
        }
        Ok(app.db.close().await?)
    }
}

fn write(app: &App, out: &Path, force: bool, text: &str) -> Result<(), CliError> {
    if out == Path::new("-") {
        return print_all(text, "the copy");
    }
    let draft = Draft::create(out, force, &app.config.database_url)?;
    let failed = |source| CliError::Io { what: format!("cannot write {}", out.display()), source };
    draft.file().write_all(text.as_bytes()).map_err(failed)?;
    draft.complete()?;
    Ok(())
}

impl Whom {
    async fn find(&self, app: &App) -> Result<(OrgId, UserId), CliError> {
        let org = self.of.find(app).await?;
        Ok((org, self.user_of(app, org).await?.ok_or_else(|| self.nobody())?))
    }

    /// Also who has only a login.
    async fn find_or_login(&self, app: &App) -> Result<(OrgId, Person), CliError> {
        let org = self.of.find(app).await?;
        if let Some(user) = self.user_of(app, org).await? {
            return Ok((org, Person::User(user)));
        }
        let login = privacy::login(&app.db, org, &EmailKey::of(self.user.trim())).await?;
        Ok((org, Person::Login(login.ok_or_else(|| self.nobody())?)))
    }

    async fn user_of(&self, app: &App, org: OrgId) -> Result<Option<UserId>, CliError> {
        if let Ok(id) = self.user.trim().parse::<UserId>() {
            return match users::exists(&app.db, org, id).await {
                Err(error) if error.is::<NotFound>() => Ok(None),
                found => Ok(found.map(|()| Some(id))?),
            };
        }
        match &*users::by_email(&app.db, org, &EmailKey::of(self.user.trim())).await? {
            [] => Ok(None),
            [id] => Ok(Some(*id)),
            several => {
                let ids: Vec<_> = several.iter().map(ToString::to_string).collect();
                Err(CliError::Refused(format!(
                    "several people have that e-mail; name one by id: {}",
                    ids.join(", ")
                )))
            }
        }
    }

    fn nobody(&self) -> CliError {
        CliError::Refused(format!("the organisation has no person {:?}; check --user", self.user))
    }
}

async fn erase(app: &App, org: OrgId, who: Person, confirmed: bool) -> Result<(), CliError> {
    let refused = |error| match error {
        EraseError::Failed(error) => error.into(),
        refused => CliError::Refused(refused.to_string()),
    };
    if !confirmed {
        // What would be refused is said before anybody has to wait.
        let db = app.db.reader(true).await?;
        privacy::check(&db, org, who, app.db.clock().now()).await.map_err(refused)?;
        let (whom, copy) = match who {
            Person::User(id) => (id.to_string(), " (`coulisses user export` writes a copy first)"),
            Person::Login(id) => (format!("the owner of the login {id}"), ""),
        };
        return Err(CliError::Refused(format!(
            "nothing was changed; to forget who {whom} was for good, add --yes{copy}"
        )));
    }
    let tx = app.db.write(Origin::system()).await?;
    let forgotten = privacy::erase(&tx, org, who).await.map_err(refused)?;
    tx.commit().await?;
    say(match (who, forgotten.login) {
        (Person::Login(_), Erased::WithLogin) => "erased their login",
        (Person::Login(_), _) => {
            "erased from this organisation; their login stays, because they are a member of another one"
        }
        (_, Erased::WithoutLogin) => "erased",
        (_, Erased::WithLogin) => "erased, with their login",
        (_, Erased::LoginElsewhere) => {
            "erased; their login stays, because they are a member of another organisation"
        }
    });
    if forgotten.was_contact {
        say(
            "they were the organisation's contact or Reply-To, which is empty now: `coulisses org set` names another",
        );
    }
    say("what was backed up before still has them: restore no such copy without erasing again");
    Ok(())
}
