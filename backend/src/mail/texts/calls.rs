//! The mails that ask for answers.

use super::{Contact, counted, outgoing};
use crate::{
    locale::Period,
    mail::{
        letter::{Button, Card, Letter, Row, When, cut, lines, one_line},
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
    let n = mail.calls.len();
    let heading = match (n, mail.reminder) {
        (1, false) => words.one_call,
        (1, true) => words.one_reminder,
        (_, false) => words.calls,
        (_, true) => words.reminders,
    };
    let subject = match (&*mail.calls, mail.reminder) {
        ([call], false) => of_one(call),
        ([call], true) => format!("{} – {}", words.subject_reminder, of_one(call)),
        (_, false) => counted(words.subject_calls, n),
        (_, true) => format!("{} – {}", words.subject_reminder, counted(words.subject_calls, n)),
    };
    let Contact { name, phone, email } = &mail.contact;
    let known: Vec<_> = [name, phone, email].into_iter().flatten().map(|text| one_line(text)).collect();
    let letter = Letter {
        org: Some(one_line(&mail.org)),
        heading: counted(heading, n),
        opening: words.please_answer.into(),
        cards: mail.calls.iter().map(|call| card(call, words)).collect(),
        all: mail.all.clone().filter(|_| n > 1).map(|link| Button { label: words.answer_all, link }),
        closing: vec![words.yours_alone.into()],
        contact: (!known.is_empty()).then_some((words.questions, known)),
        ..Letter::default()
    };
    let about = if mail.reminder { MailAbout::Reminder } else { MailAbout::Calls };
    outgoing(to, about, &subject, letter)
}

fn card(call: &Call, words: &'static Words) -> Card {
    let Period { day, times, remark, duration } = call.when.clone();
    let lasts = match &call.zone {
        Some(zone) => format!("{duration} · {zone}"),
        None => duration,
    };
    let optional = [(words.role, &call.role), (words.place, &call.place), (words.project, &call.project)];
    let mut rows = vec![Row::new(words.mission, &call.mission)];
    rows.extend(optional.into_iter().filter_map(|(label, value)| Some(Row::new(label, value.as_ref()?))));
    let note = call.note.as_deref().map(lines).filter(|lines| !lines.is_empty());
    Card {
        when: Some(When { day, times, lasts, remark }),
        rows,
        note: note.map(|lines| (words.note, lines)),
        until: call.answer_by.as_ref().map(|at| Row::new(words.answer_by, at)),
        button: Some(Button { label: words.answer, link: call.link.clone() }),
    }
}

fn of_one(call: &Call) -> String {
    format!("{}, {}", cut(&call.mission, 50), cut(&call.when.day, 40))
}
