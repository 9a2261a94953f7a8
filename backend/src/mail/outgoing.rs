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
}

impl MailAbout {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Reminder => "reminder",
            Self::Member => "member",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
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
}
