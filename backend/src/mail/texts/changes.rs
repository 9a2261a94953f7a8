//! The mails about calls that are no longer as the person knew them.

use super::{
    Contact, asked,
    calls::{self, Call},
    of_one, outgoing, rows, when,
};
use crate::{
    locale::Period,
    mail::{
        letter::{Before, Button, Card, Letter, Row, When, one_line},
        outgoing::{Addressed, MailAbout, Outgoing},
        words::Words,
    },
};

/// Calls of one person in one org that have moved.
#[derive(Debug, Clone)]
pub struct Moved {
    pub org: String,
    /// In the order in which they are shown; at least one.
    pub calls: Vec<MovedCall>,
    pub contact: Contact,
}

#[derive(Debug, Clone)]
pub struct MovedCall {
    /// As it is now; its link confirms, withdraws or answers.
    pub call: Call,
    pub was: Was,
    pub accepted: bool,
}

/// What the person was last shown.
#[derive(Debug, Clone)]
pub struct Was {
    pub when: Period,
    pub zone: Option<String>,
    pub place: Option<String>,
}

/// Calls of one person in one org that they are not wanted for any more.
#[derive(Debug, Clone)]
pub struct CalledOff {
    pub org: String,
    /// In the order in which they are shown; at least one.
    pub calls: Vec<OffCall>,
    pub contact: Contact,
}

#[derive(Debug, Clone)]
pub struct OffCall {
    pub mission: String,
    pub project: Option<String>,
    pub role: Option<String>,
    pub place: Option<String>,
    pub when: Period,
    pub zone: Option<String>,
    pub accepted: bool,
}

/// Shows what differs, and asks whether the person can come.
pub fn moved(to: Addressed, mail: &Moved) -> Outgoing {
    let words = Words::of(to.locale);
    let n = mail.calls.len() as u64;
    let subject = match &*mail.calls {
        [one] => format!("{} – {}", words.moved.subject.of(1), of_one(&one.call.mission, &one.call.when)),
        _ => words.moved.subject.of(n),
    };
    let letter = Letter {
        org: Some(one_line(&mail.org)),
        heading: words.moved.heading.of(n),
        opening: Some(words.moved.opening),
        cards: mail.calls.iter().map(|call| moved_card(call, words)).collect(),
        closing: vec![words.moved.calendar.of(n), words.yours_alone.into()],
        contact: asked(&mail.contact, words),
        ..Letter::default()
    };
    outgoing(to, MailAbout::Moved, &subject, letter)
}

/// Tells that somebody is not wanted any more.
pub fn called_off(to: Addressed, mail: &CalledOff) -> Outgoing {
    let words = Words::of(to.locale);
    let n = mail.calls.len() as u64;
    let subject = match &*mail.calls {
        [one] => format!("{} – {}", words.called_off.subject.of(1), of_one(&one.mission, &one.when)),
        _ => words.called_off.subject.of(n),
    };
    let letter = Letter {
        org: Some(one_line(&mail.org)),
        heading: words.called_off.heading.of(n),
        opening: Some(words.called_off.opening),
        cards: mail.calls.iter().map(|call| off_card(call, words)).collect(),
        contact: asked(&mail.contact, words),
        ..Letter::default()
    };
    outgoing(to, MailAbout::CalledOff, &subject, letter)
}

fn moved_card(MovedCall { call, was, accepted }: &MovedCall, words: &'static Words) -> Card {
    let (told, label) = match accepted {
        true => (words.moved.confirm, words.moved.confirm_button),
        false => (words.moved.answer, words.answer),
    };
    Card {
        when: Some(When { was: before(call, was), ..when(&call.when, call.zone.as_deref()) }),
        told: Some(told),
        button: Some(Button { label, link: call.link.clone() }),
        ..calls::card(call, place(was.place.as_deref(), call.place.as_deref(), words), words)
    }
}

/// `None` if it is at the same time.
fn before(call: &Call, Was { when, zone, .. }: &Was) -> Option<Before> {
    let other_zone = zone.as_ref().filter(|zone| call.zone.as_ref().is_some_and(|now| now != *zone));
    let zoned = |text: String| match other_zone {
        Some(zone) => format!("{text} ({zone})"),
        None => text,
    };
    if when.day != call.when.day {
        Some(Before::Day(zoned(format!("{}, {}", when.day, when.times))))
    } else if when.times != call.when.times || other_zone.is_some() {
        Some(Before::Times(zoned(when.times.clone())))
    } else {
        None
    }
}

/// The place with the one that was shown, if it is another.
fn place(was: Option<&str>, now: Option<&str>, words: &'static Words) -> Option<Row> {
    let given = |place: Option<&str>| place.map(one_line).filter(|place| !place.is_empty());
    let (was, now) = (given(was), given(now));
    if was == now {
        return now.map(|now| Row::new(words.place, &now));
    }
    let shown = |place: Option<String>| place.unwrap_or_else(|| words.moved.nowhere.into());
    Some(Row { was: Some(shown(was)), ..Row::new(words.place, &shown(now)) })
}

fn off_card(call: &OffCall, words: &'static Words) -> Card {
    let place = call.place.as_ref().map(|place| Row::new(words.place, place));
    Card {
        // That it ends the next day need not be noticed any more.
        when: Some(When { off: true, remark: None, ..when(&call.when, call.zone.as_deref()) }),
        rows: rows(&call.mission, call.role.as_deref(), place, call.project.as_deref(), words),
        told: call.accepted.then_some(words.called_off.calendar),
        ..Card::default()
    }
}
