//! The mails to planners: who answered, and what waits.

use super::written;
use crate::{
    locale::Period,
    mail::{
        letter::{Entry, Letter, Row, Section, Tone, cut, lines, one_line},
        outgoing::{Addressed, MailAbout, Outgoing},
        words::{AnswerWords, ListWords, Words},
    },
};

/// What people have answered in one org.
#[derive(Debug, Clone)]
pub struct Answers {
    pub org: String,
    pub answers: Vec<Answer>,
    /// How many answers the list leaves out.
    pub more: u64,
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub person: String,
    pub mission: String,
    pub role: Option<String>,
    /// On the mission's wall clock.
    pub when: Period,
    /// The zone in words.
    pub zone: Option<String>,
    pub answer: Answered,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    Accepted,
    Declined,
    /// No, after a yes.
    Withdrawn,
    /// Yes again, after the call had moved.
    Confirmed,
}

/// What waits in one org on a morning.
#[derive(Debug, Clone)]
pub struct Digest {
    pub org: String,
    /// A day in words.
    pub day: String,
    pub unanswered: Vec<DigestCall>,
    pub open_roles: Vec<OpenRole>,
    pub expiring: Vec<DigestCall>,
    /// How many each list leaves out, in this order.
    pub more: [u64; 3],
}

#[derive(Debug, Clone)]
pub struct DigestCall {
    pub person: String,
    pub mission: String,
    pub role: Option<String>,
    pub when: Period,
    /// When the person was asked; a day in words.
    pub since: String,
    /// When the link closes; a moment in words.
    pub until: Option<String>,
}

#[derive(Debug, Clone)]
pub struct OpenRole {
    pub mission: String,
    pub role: String,
    pub when: Period,
    pub missing: u32,
}

/// What a planner may have to act on comes first.
const ORDER: [Answered; 4] =
    [Answered::Declined, Answered::Withdrawn, Answered::Accepted, Answered::Confirmed];

/// Tells who answered what.
pub fn answers(to: Addressed, mail: &Answers) -> Outgoing {
    let words = Words::of(to.locale);
    let sections: Vec<_> = ORDER.into_iter().filter_map(|answer| answered(mail, answer, words)).collect();
    let n = mail.answers.len() as u64 + mail.more;
    let subject = match (&*mail.answers, mail.more) {
        ([answer], 0) => subject_of_one(answer, words),
        // Of those that are left out nobody knows what they are.
        (_, 0) => format!("{}{}{}", words.answers.subject.of(n), words.colon, headings(&sections)),
        _ => words.answers.subject.of(n),
    };
    let more = (mail.more > 0).then(|| words.answers.more.of(mail.more));
    let letter = Letter {
        org: Some(one_line(&mail.org)),
        heading: words.answers.heading.of(n),
        sections,
        closing: more.into_iter().chain([words.fewer.into()]).collect(),
        ..Letter::default()
    };
    written(to, MailAbout::Answers, subject, letter)
}

/// Tells what waits for somebody.
pub fn digest(to: Addressed, mail: &Digest) -> Outgoing {
    let words = Words::of(to.locale);
    let digest = &words.digest;
    let [unanswered, open_roles, expiring] = mail.more;
    let waiting = |call: &DigestCall| {
        let since = Row::new(digest.since, &call.since);
        called(call, [Some(since), until(call, words)])
    };
    let closing = |call: &DigestCall| called(call, [until(call, words), None]);
    let open = |role: &OpenRole| open(role, words);
    let lists = [
        (&digest.unanswered, Tone::Asked, mail.unanswered.iter().map(waiting).collect(), unanswered),
        (&digest.open_roles, Tone::Warn, mail.open_roles.iter().map(open).collect(), open_roles),
        (&digest.expiring, Tone::Warn, mail.expiring.iter().map(closing).collect(), expiring),
    ];
    let lists =
        lists.into_iter().filter_map(|(list, tone, entries, more)| listed(list, tone, entries, more, words));
    let (subjects, sections): (Vec<_>, Vec<_>) = lists.unzip();
    let subject = format!("{}{}{}", digest.heading, words.colon, subjects.join(", "));
    let letter = Letter {
        org: Some(one_line(&mail.org)),
        heading: format!("{}{}{}", digest.heading, words.colon, one_line(&mail.day)),
        sections,
        closing: vec![words.fewer.into()],
        ..Letter::default()
    };
    written(to, MailAbout::Digest, subject, letter)
}

/// What the subject and the mail say about a list; `None` if it is empty.
fn listed(
    list: &ListWords,
    tone: Tone,
    entries: Vec<Entry>,
    more: u64,
    words: &'static Words,
) -> Option<(String, Section)> {
    let n = entries.len() as u64 + more;
    let more = (more > 0).then(|| words.digest.more.of(more));
    (n > 0).then(|| (list.subject.of(n), Section { heading: list.heading.of(n), tone, entries, more }))
}

fn answer_words(answer: Answered, words: &'static Words) -> &'static AnswerWords {
    match answer {
        Answered::Accepted => &words.answers.accepted,
        Answered::Declined => &words.answers.declined,
        Answered::Withdrawn => &words.answers.withdrawn,
        Answered::Confirmed => &words.answers.confirmed,
    }
}

fn answered(mail: &Answers, answer: Answered, words: &'static Words) -> Option<Section> {
    let tone = match answer {
        Answered::Accepted | Answered::Confirmed => Tone::Good,
        Answered::Declined => Tone::Bad,
        Answered::Withdrawn => Tone::Warn,
    };
    let entries: Vec<_> = mail.answers.iter().filter(|given| given.answer == answer).map(given).collect();
    let heading = answer_words(answer, words).counted.of(entries.len() as u64);
    (!entries.is_empty()).then_some(Section { heading, tone, entries, more: None })
}

fn given(answer: &Answer) -> Entry {
    Entry {
        title: one_line(&answer.person),
        lines: vec![work(&answer.mission, answer.role.as_deref()), time(&answer.when)],
        aside: answer.zone.as_deref().map(one_line),
        quote: answer.reason.as_deref().map(lines).unwrap_or_default(),
        ..Entry::default()
    }
}

fn called(call: &DigestCall, rows: [Option<Row>; 2]) -> Entry {
    Entry {
        title: one_line(&call.person),
        lines: vec![work(&call.mission, call.role.as_deref()), time(&call.when)],
        rows: rows.into_iter().flatten().collect(),
        ..Entry::default()
    }
}

fn open(role: &OpenRole, words: &'static Words) -> Entry {
    let missing = words.digest.people.of(role.missing.into());
    Entry {
        title: one_line(&role.role),
        lines: vec![one_line(&role.mission), time(&role.when)],
        rows: vec![Row::new(words.digest.missing, &missing)],
        ..Entry::default()
    }
}

fn until(call: &DigestCall, words: &'static Words) -> Option<Row> {
    call.until.as_ref().map(|until| Row::new(words.digest.until, until))
}

fn work(mission: &str, role: Option<&str>) -> String {
    match role {
        Some(role) => format!("{} · {}", one_line(mission), one_line(role)),
        None => one_line(mission),
    }
}

fn time(when: &Period) -> String {
    format!("{}, {}", when.day, when.times)
}

fn subject_of_one(answer: &Answer, words: &'static Words) -> String {
    let Answer { person, mission, when, .. } = answer;
    let word = answer_words(answer.answer, words).word;
    let (person, mission, day) = (cut(person, 40), cut(mission, 40), cut(&when.day, 40));
    format!("{person}{}{word} – {mission}, {day}", words.colon)
}

fn headings(sections: &[Section]) -> String {
    sections.iter().map(|section| &*section.heading).collect::<Vec<_>>().join(", ")
}
