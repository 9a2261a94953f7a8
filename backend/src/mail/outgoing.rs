//! A mail before it is made into bytes.

use crate::{locale::Locale, secret::Secret, text::Email, timestamp::Timestamp};
use uuid::Uuid;

/// What a mail is about, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MailAbout {
    Calls,
    Reminder,
    Member,
    PasswordReset,
    PasswordChanged,
    Moved,
    CalledOff,
    Answers,
    Digest,
}

impl MailAbout {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Reminder => "reminder",
            Self::Member => "member",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::Moved => "moved",
            Self::CalledOff => "called_off",
            Self::Answers => "answers",
            Self::Digest => "digest",
        }
    }
}

/// To whom a mail goes, and what it is known by.
#[derive(Debug, Clone)]
pub struct Addressed {
    /// The same in each attempt: receivers recognise a mail that they have by its Message-ID.
    pub id: Uuid,
    pub to: Email,
    /// The recipient's name, if it is known.
    pub name: Option<String>,
    pub reply_to: Option<Email>,
    /// The Date of the mail.
    pub at: Timestamp,
    pub locale: Locale,
}

/// A mail that can be sent. Its texts contain links, and those tokens.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub id: Uuid,
    pub about: MailAbout,
    /// The org that writes; `None` where the program itself does.
    pub org: Option<String>,
    pub to: Email,
    pub name: Option<String>,
    pub reply_to: Option<Email>,
    pub at: Timestamp,
    pub subject: String,
    pub text: Secret,
    pub html: Secret,
    pub attachment: Option<Attachment>,
    /// By which a mail program ends this kind of mail with one POST (RFC 8058); an HTTPS URL.
    pub unsubscribe: Option<Secret>,
}

impl Outgoing {
    #[must_use]
    pub fn with_calendar(self, attachment: Attachment) -> Self {
        Self { attachment: Some(attachment), ..self }
    }

    #[must_use]
    pub fn with_unsubscribe(self, url: Secret) -> Self {
        Self { unsubscribe: Some(url), ..self }
    }
}

/// A calendar that goes with a mail. It is secret as the texts are: its entries may contain links.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// Of the file, such as `calls.ics`.
    pub name: &'static str,
    /// The METHOD of the calendar, `PUBLISH` or `CANCEL`: RFC 6047 wants the same in the Content-Type.
    pub method: &'static str,
    pub ics: Secret,
}
