//! The mails that ask for answers.

use super::{Contact, asked, of_one, outgoing, rows, when};
use crate::{
    locale::Period,
    mail::{
        letter::{Button, Card, Letter, Row, lines, one_line},
        outgoing::{Addressed, MailAbout, Outgoing},
        words::Words,
    },
    secret::Secret,
};

/// The calls of one person in one org.
#[derive(Debug, Clone)]
pub struct Calls {
    pub org: String,
    /// In the order in which they are shown; at least one.
    pub calls: Vec<Call>,
    /// Whether they were sent before.
    pub reminder: bool,
    /// The link to all of them.
    pub all: Option<Secret>,
    pub contact: Contact,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub mission: String,
    pub project: Option<String>,
    pub role: Option<String>,
    pub place: Option<String>,
    pub note: Option<String>,
    /// On the mission's wall clock.
    pub when: Period,
    /// The zone in words.
    pub zone: Option<String>,
    /// A moment in words.
    pub answer_by: Option<String>,
    pub link: Secret,
}

/// Asks one person for their answers.
pub fn calls(to: Addressed, mail: &Calls) -> Outgoing {
    let words = Words::of(to.locale);
    let n = mail.calls.len() as u64;
    let heading = if mail.reminder { &words.reminders } else { &words.calls };
    let subject = match &*mail.calls {
        [call] => of_one(&call.mission, &call.when),
        _ => words.subject_calls.of(n),
    };
    let subject = match mail.reminder {
        true => format!("{} – {subject}", words.subject_reminder),
        false => subject,
    };
    let place = |call: &Call| call.place.as_ref().map(|place| Row::new(words.place, place));
    let letter = Letter {
        org: Some(one_line(&mail.org)),
        heading: heading.of(n),
        opening: Some(words.please_answer),
        cards: mail.calls.iter().map(|call| card(call, place(call), words)).collect(),
        all: mail.all.clone().filter(|_| n > 1).map(|link| Button { label: words.answer_all, link }),
        closing: vec![words.yours_alone.into()],
        contact: asked(&mail.contact, words),
        ..Letter::default()
    };
    let about = if mail.reminder { MailAbout::Reminder } else { MailAbout::Calls };
    outgoing(to, about, &subject, letter)
}

pub(super) fn card(call: &Call, place: Option<Row>, words: &'static Words) -> Card {
    let note = call.note.as_deref().map(lines).filter(|lines| !lines.is_empty());
    Card {
        when: Some(when(&call.when, call.zone.as_deref())),
        rows: rows(&call.mission, call.role.as_deref(), place, call.project.as_deref(), words),
        note: note.map(|lines| (words.note, lines)),
        until: call.answer_by.as_ref().map(|at| Row::new(words.answer_by, at)),
        button: Some(Button { label: words.answer, link: call.link.clone() }),
        ..Card::default()
    }
}
