//! French. No-break spaces where French typography has them.

use super::{NoticeWords, Words};

pub(super) static WORDS: Words = Words {
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
