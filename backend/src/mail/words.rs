//! The sentences of mails. None contains anything that people typed: that stands in lines of its own, so that no name or
//! note can be read as part of a sentence.

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
            Locale::French => &FRENCH,
            Locale::English | Locale::American => &ENGLISH,
        }
    }
}

static ENGLISH: Words = Words {
    lang: "en",
    colon: ": ",
    hello: "Hello",

    one_call: "Can you come?",
    calls: "Can you come? There are {n} calls for you.",
    one_reminder: "A reminder: this call is still waiting for your answer.",
    reminders: "A reminder: {n} calls are still waiting for your answer.",
    please_answer: "A yes and a no both help. Answering takes no account.",
    subject_calls: "{n} calls to answer",
    subject_reminder: "reminder",
    yours_alone: "Keep this mail to yourself: whoever has it can answer for you.",
    mission: "Call",
    role: "Your role",
    place: "Where",
    project: "Project",
    note: "Note",
    answer_by: "Please answer by",
    answer: "Answer this call",
    answer_all: "Answer all of them",
    questions: "Any questions? Ask",

    org: "Crew",
    account: "Your account",
    when: "When",
    new_member: NoticeWords {
        heading: "Set your password.",
        why: "You have been made a member of a crew. Choose a password, and you can sign in.",
        button: "Set my password",
        after: &[
            "The link works once, for {n} days. After that, ask whoever added you for a new one.",
            "If you do not know what this is about, ignore this mail. Nothing happens without you.",
        ],
    },
    known_member: NoticeWords {
        heading: "Take up your membership.",
        why: "You have been made a member of a crew. You have an account already: open the link to say that it is you.",
        button: "Take up my membership",
        after: &[
            "The link works once, for {n} days. After that, ask whoever added you for a new one.",
            "If you do not know what this is about, ignore this mail. Nothing happens without you.",
        ],
    },
    reset: NoticeWords {
        heading: "Choose a new password.",
        why: "Somebody, probably you, has asked for a new password for this account.",
        button: "Choose a new password",
        after: &[
            "The link works once, for {n} minutes.",
            "If it was not you, ignore this mail. Your password stays as it is.",
        ],
    },
    changed: NoticeWords {
        heading: "Your password was changed.",
        why: "The password of this account is a new one. If that was you, there is nothing to do.",
        button: "",
        after: &[
            "If it was not you: ask for a new password at once, where you sign in (“forgotten password”), and tell whoever plans your crew.",
        ],
    },
    or_address: "Or open this address",
};

static FRENCH: Words = Words {
    lang: "fr",
    colon: "\u{a0}: ",
    hello: "Bonjour",

    one_call: "Êtes-vous disponible\u{a0}?",
    calls: "Êtes-vous disponible\u{a0}? Il y a {n} missions pour vous.",
    one_reminder: "Un rappel\u{a0}: cette mission attend encore votre réponse.",
    reminders: "Un rappel\u{a0}: {n} missions attendent encore votre réponse.",
    please_answer: "Un oui comme un non nous aident. Répondre ne demande aucun compte.",
    subject_calls: "{n} missions attendent votre réponse",
    subject_reminder: "rappel",
    yours_alone: "Gardez ce message pour vous\u{a0}: toute personne qui l’a peut répondre à votre place.",
    mission: "Mission",
    role: "Votre poste",
    place: "Lieu",
    project: "Projet",
    note: "À savoir",
    answer_by: "Répondez avant le",
    answer: "Donner ma réponse",
    answer_all: "Répondre pour toutes",
    questions: "Des questions\u{a0}? Adressez-vous à",

    org: "Équipe",
    account: "Votre compte",
    when: "Quand",
    new_member: NoticeWords {
        heading: "Choisissez votre mot de passe.",
        why: "Vous avez été ajouté·e à une équipe. Choisissez un mot de passe, et vous pourrez vous connecter.",
        button: "Choisir mon mot de passe",
        after: &[
            "Le lien fonctionne une fois, pendant {n} jours. Ensuite, demandez-en un nouveau à la personne qui vous a ajouté·e.",
            "Si vous ne savez pas de quoi il s’agit, ignorez ce message. Rien ne se fera sans vous.",
        ],
    },
    known_member: NoticeWords {
        heading: "Confirmez que vous en êtes.",
        why: "Vous avez été ajouté·e à une équipe. Vous avez déjà un compte\u{a0}: ouvrez le lien pour dire que c’est bien vous.",
        button: "Rejoindre l’équipe",
        after: &[
            "Le lien fonctionne une fois, pendant {n} jours. Ensuite, demandez-en un nouveau à la personne qui vous a ajouté·e.",
            "Si vous ne savez pas de quoi il s’agit, ignorez ce message. Rien ne se fera sans vous.",
        ],
    },
    reset: NoticeWords {
        heading: "Choisissez un nouveau mot de passe.",
        why: "Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour ce compte.",
        button: "Choisir un nouveau mot de passe",
        after: &[
            "Le lien fonctionne une fois, pendant {n} minutes.",
            "Si ce n’était pas vous, ignorez ce message. Votre mot de passe reste le même.",
        ],
    },
    changed: NoticeWords {
        heading: "Votre mot de passe a changé.",
        why: "Ce compte a un nouveau mot de passe. Si c’était vous, il n’y a rien à faire.",
        button: "",
        after: &[
            "Si ce n’était pas vous\u{a0}: demandez tout de suite un nouveau mot de passe, là où l’on se connecte («\u{a0}mot de passe oublié\u{a0}»), et prévenez la personne qui planifie votre équipe.",
        ],
    },
    or_address: "Ou ouvrez cette adresse",
};
