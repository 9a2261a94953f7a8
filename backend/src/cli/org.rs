//! `coulisses org`.

use super::{
    CliError,
    member::{PASSWORD_THEY_HAVE, say_link},
    migrate, say, start,
};
use crate::{
    auth::Role,
    config::Config,
    db::Origin,
    resources::orgs::{self, MemberLink, NewMember},
    text::{Email, Name, ZoneName},
};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(super) enum Org {
    /// Found an organisation with its first owner; prints a link to set the owner's password.
    Create {
        /// Its name.
        #[arg(long)]
        name: String,
        /// Who owns it.
        #[arg(long)]
        owner_email: String,
        /// The time zone of its missions.
        #[arg(long, default_value = "Europe/Paris")]
        timezone: String,
    },
}

impl Org {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        let Self::Create { name, owner_email, timezone } = self;
        let wrong = |what: &'static str| move |rule: String| CliError::Refused(format!("{what} {rule}"));
        let name = Name::parse(name).map_err(wrong("--name"))?;
        let email = Email::parse(&owner_email).map_err(wrong("--owner-email"))?;
        let zone = ZoneName::parse(&timezone).map_err(wrong("--timezone"))?;
        let app = start(config).await?;
        migrate::prepare(&app, false, say).await?;
        let tx = app.db.write(Origin::system()).await?;
        let org = orgs::create(&tx, name, &zone).await?;
        let owner = NewMember { email, role: Role::Owner, user_id: None };
        let (_, link) = orgs::add_member(&tx, &app.random, org, owner).await?;
        tx.commit().await?;
        say(&format!("organisation {org} created"));
        match link {
            Some(MemberLink { token, .. }) => say_link(&app, "the owner's", &token)?,
            None => say(PASSWORD_THEY_HAVE),
        }
        Ok(())
    }
}
