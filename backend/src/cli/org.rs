//! `coulisses org`.

use super::{
    CliError, Listed,
    member::{OfOrg, PASSWORD_THEY_HAVE, say_link},
    migrate, must_exist, say, start,
};
use crate::{
    config::Config,
    db::Origin,
    ids::OrgId,
    resources::orgs::{self, MemberLink, NewMember, OrgForm},
    role::Role,
    state::App,
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
    /// List the organisations by name.
    List {
        #[command(flatten)]
        listed: Listed,
    },
    /// Give an organisation another name.
    Rename {
        #[command(flatten)]
        of: OfOrg,
        /// Its new name.
        #[arg(long)]
        name: String,
    },
}

impl Org {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        if !matches!(self, Self::Create { .. }) {
            must_exist(&config)?;
        }
        match self {
            Self::Create { name, owner_email, timezone } => {
                let name = parse_name(name)?;
                let email = Email::parse(&owner_email).map_err(wrong("--owner-email"))?;
                let zone = ZoneName::parse(&timezone).map_err(wrong("--timezone"))?;
                let app = start(config).await?;
                migrate::prepare(&app, false, say).await?;
                create(&app, OrgForm::named(name, zone), email).await?;
                Ok(app.db.close().await?)
            }
            Self::List { listed } => {
                let app = start_current(config).await?;
                let orgs = orgs::all(&app.db).await?;
                listed.print(&orgs, |org| format!("{}  {}  ({})", org.id, org.name, org.timezone))?;
                Ok(app.db.close().await?)
            }
            Self::Rename { of, name } => {
                let name = parse_name(name)?;
                let app = start_current(config).await?;
                rename(&app, of.find(&app).await?, name).await?;
                Ok(app.db.close().await?)
            }
        }
    }
}

fn wrong(what: &'static str) -> impl Fn(String) -> CliError {
    move |rule| CliError::Refused(format!("{what} {rule}"))
}

fn parse_name(name: String) -> Result<Name, CliError> {
    Name::parse(name).map_err(wrong("--name"))
}

async fn start_current(config: Config) -> Result<App, CliError> {
    let app = start(config).await?;
    migrate::must_be_current(&app).await?;
    Ok(app)
}

async fn create(app: &App, new: OrgForm, email: Email) -> Result<(), CliError> {
    let tx = app.db.write(Origin::system()).await?;
    let org = orgs::create(&tx, new).await?;
    let owner = NewMember { email, role: Role::Owner, user_id: None };
    let (_, link) = orgs::add_member(&tx, &app.random, org, owner).await?;
    tx.commit().await?;
    say(&format!("organisation {org} created"));
    match link {
        Some(MemberLink { token, .. }) => say_link(app, "the owner's", &token)?,
        None => say(PASSWORD_THEY_HAVE),
    }
    Ok(())
}

async fn rename(app: &App, id: OrgId, name: Name) -> Result<(), CliError> {
    let tx = app.db.write(Origin::system()).await?;
    let before = orgs::lock_for_no_key_update(&tx, id).await?;
    let new = OrgForm { name, ..before.form() };
    let after = orgs::update(&tx, before, new).await?;
    tx.commit().await?;
    say(&format!("organisation {id} is {} now", after.name));
    Ok(())
}
