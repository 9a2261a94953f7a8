//! The words of calendar entries.

use crate::locale::Locale;

pub(super) struct Words {
    /// Between a label and its value.
    colon: &'static str,
    pub(super) role: &'static str,
    pub(super) project: &'static str,
    pub(super) note: &'static str,
    /// What was noted for this person alone.
    pub(super) own_note: &'static str,
    pub(super) contact: &'static str,
}

static ENGLISH: Words = Words {
    colon: ": ",
    role: "Your role",
    project: "Project",
    note: "Note",
    own_note: "For you",
    contact: "Contact",
};

static FRENCH: Words = Words {
    colon: "\u{a0}: ",
    role: "Votre poste",
    project: "Projet",
    note: "À savoir",
    own_note: "Pour vous",
    contact: "Contact",
};

impl Words {
    pub(super) fn of(locale: Locale) -> &'static Self {
        match locale {
            Locale::French => &FRENCH,
            Locale::English | Locale::American => &ENGLISH,
        }
    }

    /// A line of a description.
    pub(super) fn line(&self, label: &str, value: impl std::fmt::Display) -> String {
        format!("{label}{}{value}", self.colon)
    }
}
