//! Erasing a person: names, addresses and free texts go; what happened, and how often, stays.

use crate::{
    auth::entity::account,
    db::Tx,
    error::{Error, NotFound},
    ids::{AccountId, OrgId, UserId},
    outbox,
    resources::{
        accounts, assignments, audit, availabilities, invitations,
        orgs::{self, ContactForm, LastOwner, Org},
        users::{self, User, Visibility},
    },
    text::{EmailKey, NameKey},
    timestamp::Timestamp,
};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

/// Whom an org, or the operator for it, knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// One of its users, with their login.
    User(UserId),
    /// A login that is none of its users': of a member, or one that no org needs any more.
    Login(AccountId),
}

impl From<UserId> for Person {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

/// What became of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    pub login: Erased,
    /// They were whom the org's people ask, or where answers to its mails go: it has nobody there now.
    pub was_contact: bool,
}

/// What became of the login of a person who was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// They had none.
    WithoutLogin,
    /// It was this org's alone, and is erased.
    WithLogin,
    /// It is a member of other orgs, and stays.
    LoginElsewhere,
}

/// Why a person is not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    #[error(
        "they are invited to or accepted for {0} missions that are not over: set these assignments to CANCELLED first"
    )]
    StillPlanned(u64),
    #[error("they are the last owner of the organisation: make somebody else an owner first")]
    LastOwner,
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The login with this e-mail that is none of the org's users': a member, or of no org at all. Another org's is not found.
///
/// # Errors
/// When the database fails.
pub async fn login(
    db: &impl ConnectionTrait,
    org: OrgId,
    email: &EmailKey,
) -> Result<Option<AccountId>, Error> {
    let Some(account) = accounts::by_email(db, email).await? else { return Ok(None) };
    Ok(is_only_a_login(db, org, account.id).await?.then_some(account.id))
}

async fn is_only_a_login(db: &impl ConnectionTrait, org: OrgId, id: AccountId) -> Result<bool, Error> {
    if users::of_account(db, org, id).await?.is_some() {
        return Ok(false);
    }
    Ok(orgs::member_if_any(db, org, id).await?.is_some() || !accounts::is_a_member(db, id).await?)
}

/// Decides whether a person can be erased, and changes nothing.
///
/// # Errors
/// [`EraseError`]; [`NotFound`] in it when the org has no such person.
pub async fn check(
    db: &impl ConnectionTrait,
    org: OrgId,
    person: Person,
    now: Timestamp,
) -> Result<(), EraseError> {
    let login = match person {
        Person::User(id) => {
            let user = users::get(db, org, id, Visibility::All).await?;
            let ahead = assignments::count_upcoming(db, org, id, now).await?;
            if ahead > 0 {
                return Err(EraseError::StillPlanned(ahead));
            }
            user.account_id
        }
        Person::Login(id) if is_only_a_login(db, org, id).await? => Some(id),
        Person::Login(_) => return Err(Error::from(NotFound).into()),
    };
    let member = match login {
        Some(login) => orgs::member_if_any(db, org, login).await?,
        None => None,
    };
    match member {
        Some(member) => orgs::keeps_an_owner(db, org, &member).await.map_err(refused),
        None => Ok(()),
    }
}

fn refused(error: Error) -> EraseError {
    if error.is::<LastOwner>() { EraseError::LastOwner } else { error.into() }
}

/// Erases a person of an org with all that it has about them, and their login unless another org needs it.
///
/// # Errors
/// As [`check`].
pub async fn erase(tx: &Tx, org: OrgId, person: impl Into<Person>) -> Result<Forgotten, EraseError> {
    let person = person.into();
    let of = orgs::lock_for_no_key_update(tx, org).await?;
    let locale = of.locale;
    let user = match person {
        Person::User(id) => Some(users::lock_for_update(tx, org, id).await?),
        Person::Login(_) => None,
    };
    let account = match person {
        Person::User(_) => user.as_ref().and_then(|user| user.account_id),
        Person::Login(id) => Some(id),
    };
    let login = match account {
        Some(account) => Some(accounts::lock_for_no_key_update(tx, account).await?),
        None => None,
    };
    check(tx, org, person, tx.now).await?;
    if let Some(login) = &login {
        end_membership(tx, org, login.id).await?;
    }
    let mut known = Known::default();
    known.add_login(login.as_ref());
    if let Some(user) = &user {
        known.add_user(tx, org, user).await?;
    }
    let was_contact = leave_contact(tx, of, user.as_ref(), login.as_ref(), &mut known).await?;
    let (id, account) = (user.as_ref().map(|user| user.id), login.as_ref().map(|login| login.id));
    outbox::forget_addresses(tx, org, id, account).await?;
    if let Some(id) = id {
        assignments::forget_texts(tx, org, id).await?;
        invitations::forget_addresses(tx, org, id).await?;
        availabilities::forget(tx, org, id).await?;
        users::erase(tx, org, id, locale).await?;
    }
    // Last, because what was recorded above is about them, too.
    audit::empty_details(tx, org, &known.objects, &known.texts()).await?;
    let login = match login {
        None => Erased::WithoutLogin,
        Some(login) if accounts::erase(tx, login.id).await? => Erased::WithLogin,
        Some(_) => Erased::LoginElsewhere,
    };
    Ok(Forgotten { login, was_contact })
}

async fn end_membership(tx: &Tx, org: OrgId, account: AccountId) -> Result<(), EraseError> {
    let Some(member) = orgs::member_if_any(tx, org, account).await? else { return Ok(()) };
    orgs::remove_member(tx, org, &member).await.map_err(refused)
}

/// Takes out of the org's contact and Reply-To what is theirs. Whether anything was.
async fn leave_contact(
    tx: &Tx,
    before: Org,
    user: Option<&User>,
    login: Option<&account::Model>,
    known: &mut Known,
) -> Result<bool, Error> {
    let emails: Vec<_> = user
        .and_then(|user| user.email.clone().flatten())
        .iter()
        .chain(login.map(|login| &login.email))
        .map(|email| EmailKey::of(email))
        .collect();
    let phone = user.and_then(|user| user.phone.as_ref()?.as_deref()).map(digits);
    let name = user.map(|user| NameKey::of(&user.name));
    let mut form = before.form();
    let ContactForm { name: contact_name, phone: contact_phone, email: contact_email } = &mut form.contact;
    for place in [contact_email, &mut form.reply_to] {
        if let Some(email) = place.take_if(|email| emails.contains(&email.key())) {
            known.texts.push(email.to_string());
        }
    }
    if let Some(number) = contact_phone.take_if(|number| phone.as_ref() == Some(&digits(number))) {
        known.texts.push(number.to_string());
    }
    if let Some(full) = contact_name.take_if(|full| name.as_ref() == Some(&full.key())) {
        known.texts.push(full.to_string());
    }
    let was_theirs = form != before.form();
    orgs::update(tx, before, form).await?;
    Ok(was_theirs)
}

/// However it is written.
fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// By what the audit log may know a person.
#[derive(Default)]
struct Known {
    objects: Vec<Uuid>,
    ids: Vec<Uuid>,
    /// Whole values of members of details.
    texts: Vec<String>,
}

impl Known {
    fn add_login(&mut self, login: Option<&account::Model>) {
        self.ids.extend(login.map(|login| login.id.0));
        self.texts.extend(login.map(|login| login.email.clone()));
    }

    async fn add_user(&mut self, tx: &Tx, org: OrgId, user: &User) -> Result<(), Error> {
        let assignments = assignments::of_user(tx, org, user.id).await?;
        let invitations = invitations::of_user(tx, org, user.id, tx.now).await?;
        let availabilities = availabilities::of_user(tx, org, user.id).await?;
        self.ids.push(user.id.0);
        self.texts.extend(invitations.iter().filter_map(|one| one.email.clone()));
        self.texts.extend(user.email.clone().flatten());
        self.objects.extend(assignments.iter().map(|one| one.id.0));
        self.objects.extend(invitations.iter().map(|one| one.id.0));
        self.objects.extend(availabilities.iter().map(|one| one.id.0));
        Ok(())
    }

    /// As they stand inside the JSON of details.
    fn texts(&self) -> Vec<String> {
        let values = self.texts.iter().map(|text| serde_json::Value::from(text.as_str()).to_string());
        let mut texts: Vec<_> = values.chain(self.ids.iter().map(Uuid::to_string)).collect();
        texts.sort();
        texts.dedup();
        texts
    }
}
