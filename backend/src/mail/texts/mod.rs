//! What each mail says. Links and times come ready-made: only the caller knows tokens, PUBLIC_URL and zones.

mod account;
mod calls;
#[cfg(test)]
mod tests;

pub use account::{Member, PasswordChanged, PasswordReset, member, password_changed, password_reset};
pub use calls::{Call, Calls, calls};

use super::{
    letter::{Letter, cut, one_line},
    outgoing::{Addressed, MailAbout, Outgoing},
    words::Words,
};

/// Whom to ask in an org.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

fn counted(sentence: &str, n: impl ToString) -> String {
    sentence.replace("{n}", &n.to_string())
}

fn outgoing(to: Addressed, about: MailAbout, subject: &str, mut letter: Letter) -> Outgoing {
    let words = Words::of(to.locale);
    letter.name = to.name.as_deref().map(one_line).filter(|name| !name.is_empty());
    let subject = match &letter.org {
        Some(org) => format!("{}{}{subject}", cut(org, 40), words.colon),
        None => subject.to_owned(),
    };
    Outgoing {
        id: to.id,
        about,
        to: to.to,
        name: to.name,
        reply_to: to.reply_to,
        at: to.at,
        text: letter.text(words),
        html: letter.html(&subject, words),
        subject,
        org: letter.org,
        attachment: None,
        unsubscribe: None,
    }
}
