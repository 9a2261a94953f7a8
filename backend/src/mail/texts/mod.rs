//! What each mail says. Links and times come ready-made: only the caller knows tokens, PUBLIC_URL and zones.

mod account;
mod calls;
mod changes;
mod planners;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use account::{Member, PasswordChanged, PasswordReset, member, password_changed, password_reset};
pub use calls::{Call, Calls, calls};
pub use changes::{CalledOff, Moved, MovedCall, OffCall, Was, called_off, moved};
pub use planners::{Answer, Answered, Answers, Digest, DigestCall, OpenRole, answers, digest};

use super::{
    letter::{Letter, Row, When, cut, one_line},
    outgoing::{Addressed, MailAbout, Outgoing},
    words::Words,
};
use crate::locale::Period;

/// Whom to ask in an org.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    pub name: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// A label, and what is known of whom to ask.
fn asked(contact: &Contact, words: &'static Words) -> Option<(&'static str, Vec<String>)> {
    let Contact { name, phone, email } = contact;
    let known: Vec<_> = [name, phone, email].into_iter().flatten().map(|text| one_line(text)).collect();
    (!known.is_empty()).then_some((words.questions, known))
}

fn when(period: &Period, zone: Option<&str>) -> When {
    let Period { day, times, remark, duration } = period.clone();
    let lasts = match zone {
        Some(zone) => format!("{duration} · {zone}"),
        None => duration,
    };
    When { day, times, lasts, remark, ..When::default() }
}

/// What a card says about a mission, its time aside.
fn rows(
    mission: &str,
    role: Option<&str>,
    place: Option<Row>,
    project: Option<&str>,
    words: &'static Words,
) -> Vec<Row> {
    let role = role.map(|role| Row::new(words.role, role));
    let project = project.map(|project| Row::new(words.project, project));
    [Some(Row::new(words.mission, mission)), role, place, project].into_iter().flatten().collect()
}

/// The subject of a mail about one call.
fn of_one(mission: &str, when: &Period) -> String {
    format!("{}, {}", cut(mission, 44), cut(&when.day, 40))
}

/// A mail to somebody who is planned: its subject begins with who writes.
fn outgoing(to: Addressed, about: MailAbout, subject: &str, letter: Letter) -> Outgoing {
    let subject = match &letter.org {
        Some(org) => format!("{}{}{subject}", cut(org, 40), Words::of(to.locale).colon),
        None => subject.to_owned(),
    };
    written(to, about, subject, letter)
}

fn written(to: Addressed, about: MailAbout, subject: String, mut letter: Letter) -> Outgoing {
    let words = Words::of(to.locale);
    letter.name = to.name.as_deref().map(one_line).filter(|name| !name.is_empty());
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
