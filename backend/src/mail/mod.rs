//! Mail: what it says, its MIME form, and how it gets to the mail server or, in development, into files.
//!
//! [`calls`], [`moved`], [`called_off`] and the like write an [`Outgoing`], which can take a calendar along
//! ([`Outgoing::with_calendar`]); [`Mailer::send`] sends it. When and to whom is decided elsewhere; nothing here reads the
//! database.

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
    Answer, Answered, Answers, Call, CalledOff, Calls, Contact, Digest, DigestCall, Member, Moved, MovedCall,
    OffCall, OpenRole, PasswordChanged, PasswordReset, Was, answers, called_off, calls, digest, member,
    moved, password_changed, password_reset,
};
