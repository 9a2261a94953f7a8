//! The mails about a login.

use super::outgoing;
use crate::{
    mail::{
        letter::{Button, Card, Letter, Row, one_line},
        outgoing::{Addressed, MailAbout, Outgoing},
        words::{NoticeWords, Words},
    },
    secret::Secret,
    text::Email,
};

/// By which somebody takes up their membership.
#[derive(Debug, Clone)]
pub struct Member {
    pub org: String,
    pub account: Email,
    /// Whether the login has a password already.
    pub has_login: bool,
    pub link: Secret,
    /// How long the link works.
    pub days: i64,
}

#[derive(Debug, Clone)]
pub struct PasswordReset {
    pub account: Email,
    pub link: Secret,
    /// How long the link works.
    pub minutes: i64,
}

#[derive(Debug, Clone)]
pub struct PasswordChanged {
    pub account: Email,
    /// A moment in words.
    pub when: String,
}

/// Brings the link that makes a membership active.
pub fn member(to: Addressed, mail: &Member) -> Outgoing {
    let words = Words::of(to.locale);
    let notice = if mail.has_login { &words.known_member } else { &words.new_member };
    let rows = vec![Row::new(words.org, &mail.org), Row::new(words.account, &mail.account)];
    let letter =
        Letter { org: Some(one_line(&mail.org)), ..about_login(notice, rows, Some(&mail.link), mail.days) };
    outgoing(to, MailAbout::Member, notice.heading.trim_end_matches('.'), letter)
}

/// Brings the link by which a forgotten password is replaced.
pub fn password_reset(to: Addressed, mail: &PasswordReset) -> Outgoing {
    let words = Words::of(to.locale);
    let rows = vec![Row::new(words.account, &mail.account)];
    let letter = about_login(&words.reset, rows, Some(&mail.link), mail.minutes);
    outgoing(to, MailAbout::PasswordReset, words.reset.heading.trim_end_matches('.'), letter)
}

/// Tells that a password is another one now.
pub fn password_changed(to: Addressed, mail: &PasswordChanged) -> Outgoing {
    let words = Words::of(to.locale);
    let rows = vec![Row::new(words.account, &mail.account), Row::new(words.when, &mail.when)];
    let letter = about_login(&words.changed, rows, None, 0);
    outgoing(to, MailAbout::PasswordChanged, words.changed.heading.trim_end_matches('.'), letter)
}

fn about_login(notice: &'static NoticeWords, rows: Vec<Row>, link: Option<&Secret>, works: i64) -> Letter {
    let button = link.map(|link| Button { label: notice.button, link: link.clone() });
    Letter {
        heading: notice.heading.into(),
        opening: Some(notice.why),
        cards: vec![Card { rows, button, ..Card::default() }],
        closing: notice.after.iter().map(|sentence| sentence.of(works.unsigned_abs())).collect(),
        ..Letter::default()
    }
}
