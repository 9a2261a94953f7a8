//! Shapes of orgs and members.

use super::hours::Hours;
use crate::{
    auth::entity::Notify,
    delivery::Delivery,
    http::{Cursor, Limit, Writable},
    ids::{AccountId, OrgId, UserId},
    locale::Locale,
    role::Role,
    secret::Secret,
    text::{Email, Label, Name, ZoneName},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// An org as its members see it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Unique, whatever its case.
    #[schema(example = "Théâtre du Rideau Rouge")]
    pub name: String,
    /// The time zone of its missions unless they name one.
    #[schema(example = "Europe/Paris")]
    pub timezone: String,
    /// The language of its mails to people who have none of their own.
    pub locale: Locale,
    /// Whom its people ask.
    pub contact: Contact,
    /// Where answers to its mails go.
    #[schema(example = "planning@example.org")]
    pub reply_to: Option<String>,
    /// How long before a mission, or before `answer_by`, people who have not answered are reminded; 0 for never.
    #[schema(minimum = 0, maximum = 720, example = 48)]
    pub reminder_hours: i32,
    /// Calls that are unanswered for longer are in the digest.
    #[schema(minimum = 1, maximum = 720, example = 24)]
    pub digest_hours: i32,
    /// Whether those who are invited to a mission or accepted see the names and posts of those who accepted it.
    pub crew_sees_crew: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Whom people ask, and how to reach them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = OrgContact)]
pub struct Contact {
    /// A person or an office.
    #[schema(example = "Karim Haddad")]
    pub name: Option<String>,
    /// A telephone number, as people write it.
    #[schema(example = "01 99 00 12 34")]
    pub phone: Option<String>,
    /// An e-mail address.
    #[schema(example = "karim@example.org")]
    pub email: Option<String>,
}

/// All that can be set of an org.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct OrgForm {
    /// Unique, whatever its case.
    #[schema(example = "Théâtre du Rideau Rouge")]
    pub name: Name,
    /// The time zone of its missions unless they name one.
    #[schema(example = "Europe/Paris")]
    pub timezone: ZoneName,
    /// The language of its mails to people who have none of their own.
    #[deserr(default = DEFAULT_LOCALE)]
    #[schema(default = "fr", required = false)]
    pub locale: Locale,
    /// Whom its people ask; `null` for nobody.
    #[deserr(default)]
    #[schema(required = false)]
    pub contact: ContactForm,
    /// Where answers to its mails go.
    #[deserr(default)]
    pub reply_to: Option<Email>,
    /// How long before a mission, or before `answer_by`, people who have not answered are reminded; 0 for never.
    #[deserr(default = DEFAULT_REMINDER)]
    #[schema(value_type = i32, minimum = 0, maximum = 720, default = 48, required = false)]
    pub reminder_hours: ReminderHours,
    /// Calls that are unanswered for longer are in the digest.
    #[deserr(default = DEFAULT_DIGEST)]
    #[schema(value_type = i32, minimum = 1, maximum = 720, default = 24, required = false)]
    pub digest_hours: DigestHours,
    /// Whether those who are invited to a mission or accepted see the names and posts of those who accepted it.
    #[deserr(default = DEFAULT_CREW_SEES_CREW)]
    #[schema(default = true, required = false)]
    pub crew_sees_crew: bool,
}

pub type ReminderHours = Hours<0>;
pub type DigestHours = Hours<1>;

const DEFAULT_LOCALE: Locale = Locale::French;
const DEFAULT_REMINDER: ReminderHours = Hours::stored(48);
const DEFAULT_DIGEST: DigestHours = Hours::stored(24);
const DEFAULT_CREW_SEES_CREW: bool = true;

/// All that can be set of a contact.
#[derive(Debug, Clone, Default, PartialEq, Deserr, Serialize, ToSchema)]
#[schema(as = OrgContactForm)]
#[deserr(deny_unknown_fields)]
pub struct ContactForm {
    /// A person or an office.
    #[deserr(default)]
    pub name: Option<Name>,
    /// A telephone number, as people write it.
    #[deserr(default)]
    pub phone: Option<Label>,
    /// An e-mail address.
    #[deserr(default)]
    pub email: Option<Email>,
}

impl Writable for OrgForm {
    const READ_ONLY: &'static [&'static str] = &["id", "created_at", "updated_at"];
    const NESTED: &'static [&'static str] = &["contact"];
}

impl OrgForm {
    /// An org of which only name and time zone are known.
    pub fn named(name: Name, timezone: ZoneName) -> Self {
        Self {
            name,
            timezone,
            locale: DEFAULT_LOCALE,
            contact: ContactForm::default(),
            reply_to: None,
            reminder_hours: DEFAULT_REMINDER,
            digest_hours: DEFAULT_DIGEST,
            crew_sees_crew: DEFAULT_CREW_SEES_CREW,
        }
    }
}

impl From<ContactForm> for Contact {
    fn from(ContactForm { name, phone, email }: ContactForm) -> Self {
        Self { name: name.map(Into::into), phone: phone.map(Into::into), email: email.map(Into::into) }
    }
}

impl Org {
    /// The fields that can be set, as they are now.
    pub fn form(&self) -> OrgForm {
        let Contact { name, phone, email } = self.contact.clone();
        OrgForm {
            name: Name::stored(&self.name),
            timezone: ZoneName::stored(&self.timezone),
            locale: self.locale,
            contact: ContactForm {
                name: name.map(Name::stored),
                phone: phone.map(Label::stored),
                email: email.map(Email::stored),
            },
            reply_to: self.reply_to.as_ref().map(Email::stored),
            reminder_hours: Hours::stored(self.reminder_hours),
            digest_hours: Hours::stored(self.digest_hours),
            crew_sees_crew: self.crew_sees_crew,
        }
    }
}

/// All that can be set of a member.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct MemberForm {
    /// What they may do: at most the caller's own role.
    pub role: Role,
    /// Whether they may sign in here.
    pub is_active: bool,
    /// The person they are; `null` for nobody.
    #[deserr(default)]
    pub user_id: Option<UserId>,
    /// What they are mailed. It has an effect for managers and above only.
    #[deserr(default = DEFAULT_NOTIFY)]
    #[schema(default = "declines", required = false)]
    pub notify: Notify,
}

const DEFAULT_NOTIFY: Notify = Notify::Declines;

impl Writable for MemberForm {
    const READ_ONLY: &'static [&'static str] =
        &["account_id", "email", "pending", "delivery", "delivery_error"];
}

impl Member {
    /// The fields that can be set, as they are now.
    pub fn form(&self) -> MemberForm {
        MemberForm { role: self.role, is_active: self.is_active, user_id: self.user_id, notify: self.notify }
    }

    /// The fields that they set themselves.
    pub fn own_form(&self) -> OwnMemberForm {
        OwnMemberForm { notify: self.notify }
    }
}

/// All that members set of their own membership.
#[derive(Debug, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct OwnMemberForm {
    /// What they are mailed: nothing, each no and a digest each morning, or each answer and the digest. It has an effect
    /// for managers and above only.
    #[deserr(default = DEFAULT_NOTIFY)]
    #[schema(default = "declines", required = false)]
    pub notify: Notify,
}

impl Writable for OwnMemberForm {
    const READ_ONLY: &'static [&'static str] =
        &["account_id", "email", "role", "user_id", "is_active", "pending", "delivery", "delivery_error"];
}

impl OwnMemberForm {
    /// The whole form, with everything else as it is.
    pub fn onto(self, member: &Member) -> MemberForm {
        let Self { notify } = self;
        MemberForm { notify, ..member.form() }
    }
}

/// A member of the org.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Member {
    /// Their login.
    pub account_id: AccountId,
    /// For planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The person they are.
    pub user_id: Option<UserId>,
    /// Whether they may sign in here.
    pub is_active: bool,
    /// What they are mailed as a manager or above: nothing, each no and a digest each morning, or each answer and the digest.
    pub notify: Notify,
    /// Whether they are still to take their membership up, by the link that they were sent; until then it opens
    /// nothing.
    pub pending: bool,
    /// What became of the e-mail with that link: for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delivery: Option<Delivery>,
    /// Why it could not be sent, in the mail server's words: for planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delivery_error: Option<String>,
}

/// A page of the members, highest role first, put together as it is sent.
#[derive(Debug, ToSchema)]
#[schema(as = MemberList)]
#[allow(dead_code, reason = "describes what [`crate::http::Page::within`] writes")]
pub struct Members {
    /// The members.
    pub members: Vec<Member>,
}

/// The cursor key of a member: their role's rank and their account. Not their e-mail, which not every caller may see.
pub type MemberKey = (i32, AccountId);

/// Which page of the members.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MemberQuery {
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<MemberKey>>,
}

/// Who becomes a member, as what.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewMember {
    /// Their login; a new one is created.
    pub email: Email,
    /// What they may do: at most the caller's own role.
    pub role: Role,
    /// The person they are.
    #[deserr(default)]
    pub user_id: Option<UserId>,
}

/// A new member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberAdded)]
pub struct Added {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// For a new login, where no mail can be sent: the link to set its password, which takes the membership up. Shown
    /// this once; hand it over yourself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>)]
    pub password_url: Option<Secret>,
    /// For a login that was there before, where no mail can be sent: the link by which whoever knows its password takes the membership up. Shown
    /// this once; hand it over yourself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>)]
    pub membership_url: Option<Secret>,
}
