//! Mail: what it says, its MIME form, and how it gets to the mail server or, in development, into files.
//!
//! [`calls`], [`member`], [`password_reset`] and [`password_changed`] write an [`Outgoing`]; [`Mailer::send`] sends it. When
//! and to whom is decided elsewhere; nothing here reads the database.

mod deliver;
mod letter;
mod mime;
mod outgoing;
mod smtp;
mod texts;
mod words;

pub use deliver::{Mailer, MailerError, Undelivered};
pub use outgoing::{Addressed, Attachment, MailAbout, Outgoing};
pub use texts::{
    Call, Calls, Contact, Member, PasswordChanged, PasswordReset, calls, member, password_changed,
    password_reset,
};
