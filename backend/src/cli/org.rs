//! `coulisses org`.

mod delete;

use super::{
    CliError, Listed,
    member::{OfOrg, PASSWORD_THEY_HAVE, say_link},
    migrate, must_exist, say, start,
};
use crate::{
    config::Config,
    db::Origin,
    ids::OrgId,
    locale::Locale,
    resources::orgs::{self, MemberLink, NewMember, OrgForm},
    role::Role,
    state::App,
    text::{Email, Label, Name, ZoneName},
};
use clap::{Args, Subcommand};

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
        /// The language of its mails: fr, en or en-US.
        #[arg(long, default_value = "fr")]
        locale: String,
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
    /// Change an organisation's settings. What is not given stays; an empty text removes what can be empty.
    Set {
        #[command(flatten)]
        of: OfOrg,
        #[command(flatten)]
        settings: Settings,
    },
    /// Delete an organisation with its people and all that was planned, for good, once its export is written. The audit log keeps
    /// what happened, without names and texts; logins that no other organisation has are erased. Meanwhile nobody can write.
    Delete {
        #[command(flatten)]
        of: OfOrg,
        #[command(flatten)]
        how: delete::Deletion,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Settings {
    /// The time zone of its new missions.
    #[arg(long)]
    timezone: Option<String>,
    /// The language of its mails: fr, en or en-US.
    #[arg(long)]
    locale: Option<String>,
    /// Whom its people ask.
    #[arg(long)]
    contact_name: Option<String>,
    /// The contact's telephone number.
    #[arg(long)]
    contact_phone: Option<String>,
    /// The contact's e-mail.
    #[arg(long)]
    contact_email: Option<String>,
    /// The e-mail that answers to its mails go to.
    #[arg(long)]
    reply_to: Option<String>,
    /// How long before a mission those who have not answered are reminded, from 0 (never) to 720.
    #[arg(long)]
    reminder_hours: Option<String>,
    /// The digest has what is unanswered for longer, from 1 to 720.
    #[arg(long)]
    digest_hours: Option<String>,
    /// Whether those on a mission see who else is.
    #[arg(long)]
    crew_sees_crew: Option<bool>,
}

impl Org {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        if !matches!(self, Self::Create { .. }) {
            must_exist(&config)?;
        }
        match self {
            Self::Create { name, owner_email, timezone, locale } => {
                let name = parse_name(name)?;
                let email = Email::parse(&owner_email).map_err(wrong("--owner-email"))?;
                let locale = parse_locale(&locale)?;
                let new = OrgForm { locale, ..OrgForm::named(name, parse_zone(&timezone)?) };
                let app = start(config).await?;
                migrate::prepare(&app, false, say).await?;
                create(&app, new, email).await?;
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
            Self::Delete { of, how } => {
                let app = start_current(delete::with_patience(config)).await?;
                how.run(&app, of.find(&app).await?).await?;
                Ok(app.db.close().await?)
            }
            Self::Set { of, settings } => {
                let app = start_current(config).await?;
                set(&app, of.find(&app).await?, settings).await?;
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

fn parse_zone(name: &str) -> Result<ZoneName, CliError> {
    ZoneName::parse(name).map_err(wrong("--timezone"))
}

fn parse_locale(word: &str) -> Result<Locale, CliError> {
    let unknown = |_| CliError::Refused(format!("--locale must be one of {}", Locale::WORDS.join(", ")));
    word.parse().map_err(unknown)
}

impl Settings {
    fn onto(self, mut form: OrgForm) -> Result<OrgForm, CliError> {
        if let Some(timezone) = self.timezone {
            form.timezone = parse_zone(&timezone)?;
        }
        if let Some(locale) = self.locale {
            form.locale = parse_locale(&locale)?;
        }
        let email = |text: String| Email::parse(&text);
        set_optional(&mut form.contact.name, self.contact_name, "--contact-name", Name::parse)?;
        set_optional(&mut form.contact.phone, self.contact_phone, "--contact-phone", Label::parse)?;
        set_optional(&mut form.contact.email, self.contact_email, "--contact-email", email)?;
        set_optional(&mut form.reply_to, self.reply_to, "--reply-to", email)?;
        if let Some(hours) = self.reminder_hours {
            form.reminder_hours = hours.parse().map_err(wrong("--reminder-hours"))?;
        }
        if let Some(hours) = self.digest_hours {
            form.digest_hours = hours.parse().map_err(wrong("--digest-hours"))?;
        }
        if let Some(see) = self.crew_sees_crew {
            form.crew_sees_crew = see;
        }
        Ok(form)
    }
}

/// An empty text removes the value; without a text it stays.
fn set_optional<T>(
    value: &mut Option<T>,
    text: Option<String>,
    option: &'static str,
    parse: impl Fn(String) -> Result<T, String>,
) -> Result<(), CliError> {
    if let Some(text) = text {
        *value = if text.is_empty() { None } else { Some(parse(text).map_err(wrong(option))?) };
    }
    Ok(())
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
    let (_, link) = orgs::add_member(&tx, orgs::LinkBy::Hand(&app.random), org, owner).await?;
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

async fn set(app: &App, id: OrgId, settings: Settings) -> Result<(), CliError> {
    let tx = app.db.write(Origin::system()).await?;
    let before = orgs::lock_for_no_key_update(&tx, id).await?;
    let current = before.form();
    let new = settings.onto(current.clone())?;
    let is_changed = new != current;
    orgs::update(&tx, before, new).await?;
    tx.commit().await?;
    say(&format!("organisation {id} {}", if is_changed { "changed" } else { "was so already" }));
    Ok(())
}
