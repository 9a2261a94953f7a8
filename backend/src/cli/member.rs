//! `coulisses member`.

use super::{CliError, Listed, migrate, must_exist, say, start};
use crate::{
    auth::entity::LinkIssuer,
    config::Config,
    db::{Origin, Tx},
    error::NotFound,
    ids::OrgId,
    resources::{
        accounts::{self, AccountEvent, links},
        orgs::{self, MemberForm, NewMember},
    },
    role::Role,
    state::App,
    text::{Email, NameKey},
};
use clap::{Args, Subcommand};
use std::io::Write;

/// Which organisation.
#[derive(Debug, Args)]
pub(super) struct OfOrg {
    /// The organisation's name or id.
    #[arg(long)]
    org: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum Member {
    /// Make someone a member, and vouch for them; prints a link to set the password of a login that has none.
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
    /// Print a link that sets a member's password and takes up a pending membership: the one before expired, the
    /// password was forgotten, or somebody else may know it.
    Link {
        #[command(flatten)]
        of: OfOrg,
        /// Their login.
        #[arg(long)]
        email: String,
    },
    /// List the members, highest role first; pending are those who have not taken their membership up.
    List {
        #[command(flatten)]
        of: OfOrg,
        #[command(flatten)]
        listed: Listed,
    },
    /// Give a member another role. It holds at once.
    Role {
        #[command(flatten)]
        of: OfOrg,
        /// Their login.
        #[arg(long)]
        email: String,
        /// owner, admin, manager or tech.
        #[arg(long)]
        role: String,
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
        must_exist(&config)?;
        let app = start(config).await?;
        migrate::must_be_current(&app).await?;
        match self {
            Self::Add { of, email, role } => add(&app, &of, &email, &role).await,
            Self::Link { of, email } => link(&app, &of, &email).await,
            Self::List { of, listed } => list(&app, &of, &listed).await,
            Self::Role { of, email, role } => change_role(&app, &of, &email, &role).await,
            Self::Remove { of, email } => remove(&app, &of, &email).await,
        }?;
        Ok(app.db.close().await?)
    }
}

impl OfOrg {
    pub(super) async fn find(&self, app: &App) -> Result<OrgId, CliError> {
        let found = match self.org.trim().parse::<OrgId>() {
            Ok(id) => orgs::timezone(&app.db, id).await.map(|_| id),
            Err(_) => orgs::find_by_name(&app.db, &NameKey::of(&self.org)).await,
        };
        found.map_err(|error| match error.is::<NotFound>() {
            true => CliError::Refused(format!("there is no organisation {:?}; check --org", self.org)),
            false => error.into(),
        })
    }
}

fn parse_email(text: &str) -> Result<Email, CliError> {
    Email::parse(text).map_err(|rule| CliError::Refused(format!("--email {rule}")))
}

fn parse_role(text: &str) -> Result<Role, CliError> {
    text.parse().map_err(|_| CliError::Refused(format!("--role must be one of {}", Role::WORDS.join(", "))))
}

async fn add(app: &App, of: &OfOrg, email: &str, role: &str) -> Result<(), CliError> {
    let email = parse_email(email)?;
    let role = parse_role(role)?;
    let org = of.find(app).await?;
    let tx = app.db.write(Origin::system()).await?;
    let (member, link) =
        orgs::add_member(&tx, orgs::LinkBy::Hand(&app.random), org, NewMember { email, role, user_id: None })
            .await?;
    tx.commit().await?;
    say(&format!("{} is {role} now", member.email.unwrap_or_default()));
    match link {
        Some(link) => say_link(app, "the", &link.token)?,
        None => say(PASSWORD_THEY_HAVE),
    }
    Ok(())
}

/// For an account that existed before: another org may have issued the link that set its password.
pub(super) const PASSWORD_THEY_HAVE: &str = "they sign in with the password they have; if somebody else may know it, \
    `coulisses member link` prints a link to replace it";

/// Prints a link. Only the hash of its token is stored, so it cannot be printed again.
pub(super) fn say_link(app: &App, whose: &str, token: &str) -> Result<(), CliError> {
    let url = app.config.password_url(token);
    writeln!(std::io::stdout(), "set {whose} password within 7 days: {url}").map_err(|source| CliError::Io {
        what: "it is done, but the link could not be printed; `coulisses member link` makes another one"
            .into(),
        source,
    })
}

async fn link(app: &App, of: &OfOrg, email: &str) -> Result<(), CliError> {
    let email = parse_email(email)?;
    let org = of.find(app).await?;
    let tx = app.db.write(Origin::system()).await?;
    let member = hold_member(&tx, org, &email).await?;
    if !member.is_active {
        let inactive = format!(
            "{email} is deactivated, so a link would not work; reactivate the member first (PATCH /orgs/members/{})",
            member.account_id
        );
        return Err(CliError::Refused(inactive));
    }
    let token = links::issue(&tx, &app.random, org, member.account_id, LinkIssuer::Operator).await?;
    tx.record(org, &AccountEvent::LinkIssued { id: member.account_id }).await?;
    tx.commit().await?;
    say_link(app, "the", &token)
}

/// The member with this e-mail, locked (`FOR NO KEY UPDATE`) until the transaction ends.
async fn hold_member(tx: &Tx, org: OrgId, email: &Email) -> Result<orgs::Member, CliError> {
    let unknown =
        || CliError::Refused(format!("{email} is not a member; `coulisses member list` shows who is"));
    let account = accounts::by_email(tx, &email.key()).await?.ok_or_else(unknown)?;
    orgs::lock_member_for_no_key_update(tx, org, account.id).await.map_err(|error| {
        match error.is::<NotFound>() {
            true => unknown(),
            false => error.into(),
        }
    })
}

async fn list(app: &App, of: &OfOrg, listed: &Listed) -> Result<(), CliError> {
    let org = of.find(app).await?;
    listed.print(&orgs::members(&app.db, org).await?, |member| {
        let state = match (member.is_active, member.pending) {
            (true, false) => "",
            (true, true) => "  (pending)",
            (false, false) => "  (inactive)",
            (false, true) => "  (inactive, pending)",
        };
        format!("{:<8} {}{state}", member.role.word(), member.email.as_deref().unwrap_or_default())
    })
}

async fn change_role(app: &App, of: &OfOrg, email: &str, role: &str) -> Result<(), CliError> {
    let (email, role) = (parse_email(email)?, parse_role(role)?);
    let org = of.find(app).await?;
    let tx = app.db.write(Origin::system()).await?;
    let member = hold_member(&tx, org, &email).await?;
    let new = MemberForm { role, ..member.form() };
    let member = orgs::update_member(&tx, org, member, new).await?;
    tx.commit().await?;
    say(&format!("{} is {} now", member.email.unwrap_or_default(), role.word()));
    Ok(())
}

async fn remove(app: &App, of: &OfOrg, email: &str) -> Result<(), CliError> {
    let email = parse_email(email)?;
    let org = of.find(app).await?;
    let tx = app.db.write(Origin::system()).await?;
    let member = hold_member(&tx, org, &email).await?;
    orgs::remove_member(&tx, org, &member).await?;
    tx.commit().await?;
    say(&format!("{email} is no member any more"));
    Ok(())
}
