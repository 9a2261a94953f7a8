//! The sentences of mails. None contains anything that people typed: that stands in lines of its own, so that no name or
//! note can be read as part of a sentence.

mod english;
mod french;

use crate::locale::Locale;

/// In `{n}` goes a number.
pub(super) struct Words {
    pub(super) lang: &'static str,
    /// Between a label and its value.
    pub(super) colon: &'static str,
    /// The name follows when it is known, then a comma.
    pub(super) hello: &'static str,

    pub(super) one_call: &'static str,
    pub(super) calls: &'static str,
    pub(super) one_reminder: &'static str,
    pub(super) reminders: &'static str,
    pub(super) please_answer: &'static str,
    pub(super) subject_calls: &'static str,
    pub(super) subject_reminder: &'static str,
    pub(super) yours_alone: &'static str,
    pub(super) mission: &'static str,
    pub(super) role: &'static str,
    pub(super) place: &'static str,
    pub(super) project: &'static str,
    pub(super) note: &'static str,
    pub(super) answer_by: &'static str,
    pub(super) answer: &'static str,
    pub(super) answer_all: &'static str,
    pub(super) questions: &'static str,

    pub(super) org: &'static str,
    pub(super) account: &'static str,
    pub(super) when: &'static str,
    pub(super) new_member: NoticeWords,
    pub(super) known_member: NoticeWords,
    pub(super) reset: NoticeWords,
    pub(super) changed: NoticeWords,
    pub(super) or_address: &'static str,
}

/// The sentences of a mail about a login.
pub(super) struct NoticeWords {
    pub(super) heading: &'static str,
    pub(super) why: &'static str,
    pub(super) button: &'static str,
    /// `{n}` is how long the link works.
    pub(super) after: &'static [&'static str],
}

impl Words {
    pub(super) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::French => &french::WORDS,
            Locale::English | Locale::American => &english::WORDS,
        }
    }
}
