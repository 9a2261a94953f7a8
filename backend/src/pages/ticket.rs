//! What a person is shown of a call, as texts in their language.

use super::words::Words;
use crate::{
    error::{Conflict, Error},
    locale::Locale,
    resources::{
        invitations::{Opened, Seen},
        orgs,
    },
    text::ZoneName,
    timestamp::Timestamp,
};
use jiff::{Zoned, tz::TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

#[derive(Debug)]
pub struct Ticket {
    pub org: String,
    pub user: String,
    pub title: String,
    pub project: Option<String>,
    pub role: Option<String>,
    pub day: String,
    pub times: String,
    pub duration: String,
    /// What must not be missed of the times.
    pub remark: Option<String>,
    /// The time zone, where it could be mistaken.
    pub zone: Option<String>,
    pub place: Option<String>,
    pub note: Option<String>,
    pub contact: Contact,
    /// What has changed since the person looked.
    pub was: Was,
    pub answer_by: Option<Moment>,
    /// When it was answered by this link, if that stands.
    pub answered_at: Option<String>,
    /// What the person has accepted at that time.
    pub conflicts: Vec<InTheWay>,
}

/// Whom to ask; their number, if it is certain what to dial, and address as links, and as they are written.
#[derive(Debug, Default)]
pub struct Contact {
    pub name: Option<String>,
    pub phone: Option<(Option<String>, String)>,
    pub email: Option<(String, String)>,
}

/// Old values, where they are others now.
#[derive(Debug, Default)]
pub struct Was {
    pub times: Option<String>,
    pub place: Option<String>,
    pub role: Option<String>,
}

#[derive(Debug)]
pub struct Moment {
    pub at: String,
    /// `in 3 days`.
    pub until: Option<String>,
}

#[derive(Debug)]
pub struct InTheWay {
    pub title: String,
    pub day: String,
    pub times: String,
}

impl Ticket {
    /// # Errors
    /// When a time zone is not in the database of this program.
    pub fn of(opened: &Opened, was: Option<&Seen>, locale: Locale, now: Timestamp) -> Result<Self, Error> {
        let zone = zone(&opened.timezone)?;
        let at = |instant: Timestamp| instant.in_zone(&zone);
        let period = locale.period(&at(opened.start_at), &at(opened.end_at));
        let moment = |instant: Timestamp| locale.moment(&at(instant));
        let until =
            |instant: Timestamp| Moment { until: locale.until(&at(now), &at(instant)), at: moment(instant) };
        let conflicts = opened.conflicts.iter().map(|one| in_the_way(one, &zone, locale));
        Ok(Self {
            org: opened.org_name.clone(),
            user: opened.user_name.clone(),
            title: opened.mission_title.clone(),
            project: opened.project_title.clone(),
            role: opened.role_name.clone(),
            day: keep_together(&period.day),
            times: period.times,
            duration: period.duration,
            remark: period.remark,
            zone: (opened.timezone != opened.org_timezone).then(|| locale.zone(&zone)),
            place: opened.location.clone(),
            note: opened.note.clone(),
            contact: Contact::of(&opened.contact),
            was: was.map(|was| Was::of(was, opened, locale)).transpose()?.unwrap_or_default(),
            answer_by: opened.deadline().map(until),
            answered_at: opened.answered_at.filter(|_| opened.answer == Some(opened.status)).map(moment),
            conflicts: conflicts.collect(),
        })
    }

    /// Whom to ask, as part of a sentence.
    pub fn who<'a>(&'a self, words: &'a Words) -> &'a str {
        self.contact.name.as_deref().unwrap_or(words.planner)
    }
}

impl Was {
    fn of(was: &Seen, opened: &Opened, locale: Locale) -> Result<Self, Error> {
        let moved =
            (was.start_at, was.end_at, &was.timezone) != (opened.start_at, opened.end_at, &opened.timezone);
        let times = match moved {
            true => Some(when(&zone(&was.timezone)?, (was.start_at, was.end_at), locale)),
            false => None,
        };
        let differing = |old: &Option<String>, new: &Option<String>| old.clone().filter(|_| old != new);
        Ok(Self {
            times,
            place: differing(&was.location, &opened.location),
            role: differing(&was.role_name, &opened.role_name),
        })
    }
}

fn when(zone: &TimeZone, (start, end): (Timestamp, Timestamp), locale: Locale) -> String {
    let period = locale.period(&start.in_zone(zone), &end.in_zone(zone));
    format!("{}, {}", period.day, period.times)
}

/// In large type, a day is not torn from its month.
fn keep_together(day: &str) -> String {
    match day.splitn(3, ' ').collect::<Vec<_>>()[..] {
        [weekday, first, rest] if !rest.starts_with('–') => format!("{weekday} {first}\u{a0}{rest}"),
        _ => day.to_owned(),
    }
}

/// On the wall clock of the mission that is asked about.
fn in_the_way(conflict: &Conflict, zone: &TimeZone, locale: Locale) -> InTheWay {
    let at = |instant: &Timestamp| -> Zoned { instant.in_zone(zone) };
    let (title, start, end) = match conflict {
        Conflict::Mission { mission_title, start_at, end_at, .. } => {
            (mission_title.clone(), at(start_at), at(end_at))
        }
        Conflict::Availability { start_at, end_at, .. } => {
            (Words::of(locale).absence.to_owned(), at(start_at), at(end_at))
        }
    };
    let period = locale.period(&start, &end);
    InTheWay { title, day: period.day, times: period.times }
}

/// What was stored may be from an older time zone database.
fn zone(name: &str) -> Result<TimeZone, Error> {
    ZoneName::zone(name).map_err(|error| Error::internal(error))
}

/// Of an address in a link all but these are encoded.
const IN_AN_ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_');

impl Contact {
    fn of(contact: &orgs::Contact) -> Self {
        // Abroad, the zero in brackets is not dialled.
        let dialled = |text: &String| {
            let text = if text.trim_start().starts_with('+') { &text.replace("(0)", "") } else { text };
            text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect::<String>()
        };
        let is_one_number = |text: &&String| {
            let digits = dialled(text).chars().filter(char::is_ascii_digit).count();
            (5..=15).contains(&digits)
                && text.chars().all(|c| c.is_ascii_digit() || "+ .-()\u{a0}\u{202f}".contains(c))
        };
        let tel = |text: &String| format!("tel:{}", dialled(text));
        let phone = contact.phone.clone().map(|text| (Some(&text).filter(is_one_number).map(tel), text));
        let mailto = |text: &String| format!("mailto:{}", utf8_percent_encode(text, IN_AN_ADDRESS));
        let email = contact.email.as_ref().map(|text| (mailto(text), text.clone()));
        Self { name: contact.name.clone(), phone, email }
    }

    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.phone.is_none() && self.email.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_called_and_written_to_by_a_click() {
        let contact = Contact::of(&orgs::Contact {
            name: None,
            phone: Some("+33 (0)1 99-00 12.34".into()),
            email: Some("k+crew?cc=x@example.org".into()),
        });
        assert_eq!(contact.phone.unwrap().0.as_deref(), Some("tel:+33199001234"));
        for unclear in [
            "06 12 34 56 78 poste 4",
            "01.99.00.12.34 / 06 11 22 33 44",
            "x",
            "javascript:alert(1)",
            "112 / 15",
        ] {
            let contact = orgs::Contact { phone: Some(unclear.into()), ..orgs::Contact::default() };
            assert_eq!(Contact::of(&contact).phone.unwrap(), (None, unclear.into()));
        }
        assert_eq!(contact.email.unwrap().0, "mailto:k%2Bcrew%3Fcc%3Dx@example.org");
    }
}
