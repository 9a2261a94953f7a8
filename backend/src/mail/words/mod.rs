//! The sentences of mails. None contains anything that people typed: that stands in lines of its own, so that no name or
//! note can be read as part of a sentence.

mod english;
mod french;

use crate::locale::Locale;

pub(super) struct Words {
    pub(super) lang: &'static str,
    /// Between a label and its value.
    pub(super) colon: &'static str,
    /// The name follows when it is known, then a comma.
    pub(super) hello: &'static str,

    pub(super) calls: Counted,
    pub(super) reminders: Counted,
    pub(super) please_answer: &'static str,
    pub(super) subject_calls: Counted,
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

    pub(super) moved: MovedWords,
    pub(super) called_off: CalledOffWords,
    pub(super) answers: AnswersWords,
    pub(super) digest: DigestWords,
    /// To planners: how they get fewer mails.
    pub(super) fewer: &'static str,

    pub(super) org: &'static str,
    pub(super) account: &'static str,
    pub(super) when: &'static str,
    pub(super) new_member: NoticeWords,
    pub(super) known_member: NoticeWords,
    pub(super) reset: NoticeWords,
    pub(super) changed: NoticeWords,
    pub(super) or_address: &'static str,
}

/// What goes with a number; in `{n}` goes the number. Nobody is written to about none.
pub(super) struct Counted {
    pub(super) one: &'static str,
    pub(super) many: &'static str,
}

pub(super) struct MovedWords {
    pub(super) heading: Counted,
    pub(super) opening: &'static str,
    pub(super) subject: Counted,
    pub(super) was: &'static str,
    pub(super) now: &'static str,
    /// Instead of a place that is not given.
    pub(super) nowhere: &'static str,
    pub(super) confirm: &'static str,
    pub(super) confirm_button: &'static str,
    pub(super) answer: &'static str,
    pub(super) calendar: Counted,
}

pub(super) struct CalledOffWords {
    pub(super) heading: Counted,
    pub(super) opening: &'static str,
    pub(super) subject: Counted,
    /// To who had accepted.
    pub(super) calendar: &'static str,
}

pub(super) struct AnswersWords {
    pub(super) heading: Counted,
    pub(super) subject: Counted,
    pub(super) declined: AnswerWords,
    pub(super) withdrawn: AnswerWords,
    pub(super) accepted: AnswerWords,
    pub(super) confirmed: AnswerWords,
    pub(super) more: Counted,
}

pub(super) struct AnswerWords {
    pub(super) word: &'static str,
    pub(super) counted: Counted,
}

pub(super) struct DigestWords {
    /// Before the day.
    pub(super) heading: &'static str,
    pub(super) unanswered: ListWords,
    pub(super) open_roles: ListWords,
    pub(super) expiring: ListWords,
    pub(super) since: &'static str,
    pub(super) until: &'static str,
    pub(super) missing: &'static str,
    pub(super) people: Counted,
    pub(super) more: Counted,
}

pub(super) struct ListWords {
    pub(super) heading: Counted,
    pub(super) subject: Counted,
}

/// The sentences of a mail about a login.
pub(super) struct NoticeWords {
    pub(super) heading: &'static str,
    pub(super) why: &'static str,
    pub(super) button: &'static str,
    /// What is counted is how long the link works.
    pub(super) after: &'static [Counted],
}

impl Words {
    pub(super) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::French => &french::WORDS,
            Locale::English | Locale::American => &english::WORDS,
        }
    }
}

impl Counted {
    pub(super) fn of(&self, n: u64) -> String {
        let sentence = if n == 1 { self.one } else { self.many };
        sentence.replace("{n}", &n.to_string())
    }
}

/// The same for every number.
const fn always(sentence: &'static str) -> Counted {
    Counted { one: sentence, many: sentence }
}
