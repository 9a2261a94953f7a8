//! The texts of the pages. They speak to the person, say what is, and what to do next.

mod english;
mod french;

use crate::locale::Locale;

/// What a page tells: the state in a word, in a sentence, and what to do next, where `{who}` is whom to ask.
#[derive(Debug)]
pub struct Told {
    pub word: &'static str,
    pub title: &'static str,
    pub next: &'static str,
}

#[derive(Debug)]
pub struct Words {
    /// Before the person's name.
    pub asked: &'static str,
    pub project: &'static str,
    pub role: &'static str,
    pub place: &'static str,
    pub note: &'static str,
    pub contact: &'static str,
    /// Before what was there until it changed, for screen readers.
    pub before: &'static str,
    /// Whom to ask where the org names nobody.
    pub planner: &'static str,
    pub languages: &'static str,

    pub pending: &'static str,
    pub question: &'static str,
    /// Before a moment.
    pub answer_by: &'static str,
    /// Before a moment.
    pub answered_on: &'static str,
    pub accept: &'static str,
    pub decline: &'static str,
    pub calendar: &'static str,
    pub feed: &'static str,
    /// Of `{n}` calls of one mail.
    pub calls: &'static str,
    pub accept_all: &'static str,
    pub all_saved: &'static str,
    pub some_do_not_fit: &'static str,
    pub some_changed: &'static str,
    pub one_refused: &'static str,
    /// To the page of one call.
    pub more: &'static str,
    /// The same of a call that was accepted at another time or place.
    pub still: &'static str,
    pub confirm_yes: &'static str,
    pub confirm_no: &'static str,
    /// Behind either, for screen readers: two buttons fit a phone side by side without it.
    pub this_call: &'static str,
    /// The same behind [`Self::confirm_yes`] and [`Self::confirm_no`].
    pub to_this_call: &'static str,
    pub come_to_this_call: &'static str,

    pub accepted: Told,
    pub down_as_coming: Told,
    /// The same where the link can still answer.
    pub confirm: Told,
    pub moved: Told,
    /// The same of a call that waits for an answer.
    pub moved_asked: Told,
    pub declined: Told,
    pub down_as_absent: Told,
    pub asked_again: Told,
    pub expired: Told,
    pub revoked: Told,
    pub superseded: Told,
    pub called_off: Told,
    pub over: Told,
    pub quota: Told,
    pub archived: Told,
    pub inactive: Told,
    pub conflict: Told,
    pub changed: Told,
    pub invalid: Told,

    /// An approved absence that is in the way.
    pub absence: &'static str,
    pub reason: &'static str,
    pub reason_hint: &'static str,
    pub send_reason: &'static str,
    pub reason_told: &'static str,
    pub reason_too_long: &'static str,
    pub answer_stands: &'static str,
    pub choose: &'static str,

    pub password: &'static str,
    pub joining: &'static str,
    pub account: &'static str,
    pub current_password: &'static str,
    pub password_forgotten: &'static str,
    pub new_password: &'static str,
    pub password_rule: &'static str,
    pub save: &'static str,
    pub not_saved: &'static str,
    pub wrong: &'static str,
    pub too_short: &'static str,
    pub too_long: &'static str,
    pub common: &'static str,
    pub is_email: &'static str,
    pub same: &'static str,
    pub slow_down: &'static str,
    pub saved: Told,
    pub password_invalid: Told,
    pub sign_in: &'static str,

    /// Before the name of the org.
    pub mails_of: &'static str,
    pub unsubscribe: Told,
    pub unsubscribe_button: &'static str,
    pub unsubscribed: Told,

    pub start: Told,
    pub open_application: &'static str,
    pub for_programs: &'static str,
    pub not_found: Told,
    pub not_allowed: Told,
    pub unreadable: Told,
    pub try_again: Told,
    pub perhaps: Told,
    pub broken: Told,
    /// Before the id of a request.
    pub reference: &'static str,
}

impl Words {
    pub fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::French => &french::WORDS,
            Locale::English | Locale::American => &english::WORDS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The source of both, so that no text is left out.
    #[test]
    fn french_sets_its_punctuation_apart() {
        let source = include_str!("words/french.rs");
        for (at, mark) in source.match_indices([';', '?', '!', ':', '»']) {
            let before = source[..at].chars().next_back().unwrap();
            assert_ne!(
                before,
                ' ',
                "an ordinary space before {mark}: {}",
                &source[at.saturating_sub(30)..=at]
            );
        }
        assert!(!source.contains("« ") && !source.contains('\''), "typographic marks only");
    }

    #[test]
    fn every_next_step_may_name_whom_to_ask() {
        for words in [&english::WORDS, &french::WORDS] {
            for told in [&words.accepted, &words.expired, &words.conflict, &words.quota, &words.superseded] {
                assert!(told.next.contains("{who}"), "{told:?}");
            }
        }
    }
}
