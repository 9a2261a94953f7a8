//! `coulisses member`.

use super::{CliError, migrate, origin, say, start};
use crate::{
    app::App,
    auth::{PasswordTokenPurpose, Role, accounts},
    config::Config,
    error::Error,
    ids::OrgId,
    resources::{
        audit,
        orgs::{self, NewMember},
    },
    text::{Email, NameKey},
};
use clap::{Args, Subcommand};

/// Which organisation.
#[derive(Debug, Args)]
pub(super) struct OfOrg {
    /// The organisation's name or id.
    #[arg(long)]
    org: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Member {
    /// Make someone a member; prints a link to set the password of a new login.
    Add {
        #[command(flatten)]
        of: OfOrg,
        /// Their login.
        #[arg(long)]
        email: String,
        /// owner, admin, manager or tech.
        #[arg(long)]
        role: String,
    },
    /// Print a new link to set a login's password: the one before expired, or the password was forgotten.
    Link {
        /// The login.
        #[arg(long)]
        email: String,
    },
    /// List the members, highest role first.
    List {
        #[command(flatten)]
        of: OfOrg,
    },
    /// End a membership.
    Remove {
        #[command(flatten)]
        of: OfOrg,
        /// Their login.
        #[arg(long)]
        email: String,
    },
}

impl Member {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        let app = start(config).await?;
        migrate::prepare(&app, false, say).await?;
        match self {
            Self::Add { of, email, role } => add(&app, &of, &email, &role).await,
            Self::Link { email } => link(&app, &email).await,
            Self::List { of } => list(&app, &of).await,
            Self::Remove { of, email } => remove(&app, &of, &email).await,
        }
    }
}

impl OfOrg {
    async fn find(&self, app: &App) -> Result<OrgId, CliError> {
        let found = match self.org.trim().parse::<OrgId>() {
            Ok(id) => orgs::timezone(&app.db, id).await.map(|_| id),
            Err(_) => orgs::find_by_name(&app.db, &NameKey::of(&self.org)).await,
        };
        found.map_err(|error| match error {
            Error::NotFound => {
                CliError::Refused(format!("there is no organisation {:?}; check --org", self.org))
            }
            error => error.into(),
        })
    }
}

fn parse_email(text: &str) -> Result<Email, CliError> {
    Email::parse(text).map_err(|rule| CliError::Refused(format!("--email {rule}")))
}

async fn add(app: &App, of: &OfOrg, email: &str, role: &str) -> Result<(), CliError> {
    let email = parse_email(email)?;
    let role: Role = role
        .parse()
        .map_err(|_| CliError::Refused(format!("--role must be one of {}", Role::WORDS.join(", "))))?;
    let org = of.find(app).await?;
    let tx = app.db.write(origin()).await?;
    let (member, token) =
        orgs::add_member(&tx, &app.random, org, NewMember { email, role, user_id: None }).await?;
    tx.commit().await?;
    say(&format!("{} is {role} now", member.email.unwrap_or_default()));
    if let Some(token) = token {
        say(&format!("set the password within 7 days: {}", app.config.password_url(&token)));
    }
    Ok(())
}

async fn link(app: &App, email: &str) -> Result<(), CliError> {
    let email = parse_email(email)?;
    let unknown = || CliError::Refused(format!("{email} is no login; `coulisses member add` makes one"));
    let account = accounts::by_email(&app.db, &email.key()).await?.ok_or_else(unknown)?;
    let tx = app.db.write(origin()).await?;
    let welcome = PasswordTokenPurpose::Welcome;
    let token = accounts::issue_password_token(&tx, &app.random, account.id, welcome).await?;
    audit::Entry::of("account.link_issued", account.id).record_for_account(&tx, None).await?;
    tx.commit().await?;
    say(&format!("set the password within 7 days: {}", app.config.password_url(&token)));
    Ok(())
}

async fn list(app: &App, of: &OfOrg) -> Result<(), CliError> {
    let org = of.find(app).await?;
    for member in orgs::members(&app.db, org, true).await? {
        let state = if member.is_active { "" } else { "  (inactive)" };
        say(&format!("{:<8} {}{state}", member.role.word(), member.email.unwrap_or_default()));
    }
    Ok(())
}

async fn remove(app: &App, of: &OfOrg, email: &str) -> Result<(), CliError> {
    let email = parse_email(email)?;
    let org = of.find(app).await?;
    let unknown =
        || CliError::Refused(format!("{email} is not a member; `coulisses member list` shows who is"));
    let account = accounts::by_email(&app.db, &email.key()).await?.ok_or_else(unknown)?;
    let tx = app.db.write(origin()).await?;
    let member = orgs::hold_member(&tx, org, account.id).await.map_err(|error| match error {
        Error::NotFound => unknown(),
        error => error.into(),
    })?;
    orgs::remove_member(&tx, org, &member).await?;
    tx.commit().await?;
    say(&format!("{email} is no member any more"));
    Ok(())
}
