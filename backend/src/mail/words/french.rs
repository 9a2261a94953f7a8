//! French. No-break spaces where French typography has them.

use super::{
    AnswerWords, AnswersWords, CalledOffWords, Counted, DigestWords, ListWords, MovedWords, NoticeWords,
    Words, always,
};

pub(super) static WORDS: Words = Words {
    lang: "fr",
    colon: "\u{a0}: ",
    hello: "Bonjour",

    calls: Counted {
        one: "Êtes-vous disponible\u{a0}?",
        many: "Êtes-vous disponible\u{a0}? Il y a {n} missions pour vous.",
    },
    reminders: Counted {
        one: "Un rappel\u{a0}: cette mission attend encore votre réponse.",
        many: "Un rappel\u{a0}: {n} missions attendent encore votre réponse.",
    },
    please_answer: "Un oui comme un non nous aident. Répondre ne demande aucun compte.",
    subject_calls: Counted {
        one: "{n} mission attend votre réponse",
        many: "{n} missions attendent votre réponse",
    },
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

    moved: MovedWords {
        heading: Counted { one: "Cette mission est déplacée.", many: "{n} missions sont déplacées." },
        opening: "Regardez ce qui change, puis dites-nous si vous pouvez venir.",
        subject: Counted { one: "mission déplacée", many: "{n} missions déplacées" },
        was: "Avant",
        now: "Désormais",
        nowhere: "non indiqué",
        confirm: "Vous aviez dit oui. Confirmez, ou désistez-vous si vous ne pouvez plus venir.",
        confirm_button: "Confirmer ou me désister",
        answer: "Nous attendons votre réponse\u{a0}: êtes-vous disponible\u{a0}?",
        calendar: Counted {
            one: "La pièce jointe contient la mission à jour, pour votre agenda.",
            many: "La pièce jointe contient les missions à jour, pour votre agenda.",
        },
    },
    called_off: CalledOffWords {
        heading: Counted {
            one: "Cette mission est annulée pour vous.",
            many: "{n} missions sont annulées pour vous.",
        },
        opening: "Vous n’êtes plus attendu·e, et vous n’avez rien à faire.",
        subject: Counted { one: "mission annulée", many: "{n} missions annulées" },
        calendar: "Vous aviez dit oui\u{a0}: la pièce jointe l’annule aussi dans votre agenda.",
    },
    answers: AnswersWords {
        heading: Counted { one: "Une réponse est arrivée.", many: "{n} réponses sont arrivées." },
        subject: Counted { one: "{n} réponse", many: "{n} réponses" },
        declined: AnswerWords { word: "non", counted: always("{n} non") },
        withdrawn: AnswerWords {
            word: "désistement",
            counted: Counted { one: "{n} désistement", many: "{n} désistements" },
        },
        accepted: AnswerWords { word: "oui", counted: always("{n} oui") },
        confirmed: AnswerWords {
            word: "confirmation",
            counted: Counted { one: "{n} confirmation", many: "{n} confirmations" },
        },
        more: Counted {
            one: "{n} autre réponse ne figure pas dans cette liste.",
            many: "{n} autres réponses ne figurent pas dans cette liste.",
        },
    },
    digest: DigestWords {
        heading: "Ce matin",
        unanswered: ListWords {
            heading: Counted { one: "{n} demande sans réponse", many: "{n} demandes sans réponse" },
            subject: always("{n} sans réponse"),
        },
        open_roles: ListWords {
            heading: Counted { one: "{n} poste à pourvoir", many: "{n} postes à pourvoir" },
            subject: Counted { one: "{n} poste à pourvoir", many: "{n} postes à pourvoir" },
        },
        expiring: ListWords {
            heading: Counted { one: "{n} lien se ferme bientôt", many: "{n} liens se ferment bientôt" },
            subject: Counted { one: "{n} lien se ferme bientôt", many: "{n} liens se ferment bientôt" },
        },
        since: "Demandé le",
        until: "Lien ouvert jusqu’au",
        missing: "Il manque",
        people: Counted { one: "{n} personne", many: "{n} personnes" },
        more: Counted {
            one: "{n} autre ne figure pas dans cette liste.",
            many: "{n} autres ne figurent pas dans cette liste.",
        },
    },
    fewer: "Pour ne plus recevoir ces messages, utilisez le lien de désabonnement de votre messagerie. Pour choisir lesquels, adressez-vous à la personne qui gère les membres.",

    org: "Équipe",
    account: "Votre compte",
    when: "Quand",
    new_member: NoticeWords {
        heading: "Choisissez votre mot de passe.",
        why: "Vous avez été ajouté·e à une équipe. Choisissez un mot de passe, et vous pourrez vous connecter.",
        button: "Choisir mon mot de passe",
        after: &[
            Counted {
                one: "Le lien fonctionne une fois, pendant {n} jour. Ensuite, demandez-en un nouveau à la personne qui vous a ajouté·e.",
                many: "Le lien fonctionne une fois, pendant {n} jours. Ensuite, demandez-en un nouveau à la personne qui vous a ajouté·e.",
            },
            always("Si vous ne savez pas de quoi il s’agit, ignorez ce message. Rien ne se fera sans vous."),
        ],
    },
    known_member: NoticeWords {
        heading: "Confirmez que vous en êtes.",
        why: "Vous avez été ajouté·e à une équipe. Vous avez déjà un compte\u{a0}: ouvrez le lien pour dire que c’est bien vous.",
        button: "Rejoindre l’équipe",
        after: &[
            Counted {
                one: "Le lien fonctionne une fois, pendant {n} jour. Ensuite, demandez-en un nouveau à la personne qui vous a ajouté·e.",
                many: "Le lien fonctionne une fois, pendant {n} jours. Ensuite, demandez-en un nouveau à la personne qui vous a ajouté·e.",
            },
            always("Si vous ne savez pas de quoi il s’agit, ignorez ce message. Rien ne se fera sans vous."),
        ],
    },
    reset: NoticeWords {
        heading: "Choisissez un nouveau mot de passe.",
        why: "Quelqu’un, sans doute vous, a demandé un nouveau mot de passe pour ce compte.",
        button: "Choisir un nouveau mot de passe",
        after: &[
            Counted {
                one: "Le lien fonctionne une fois, pendant {n} minute.",
                many: "Le lien fonctionne une fois, pendant {n} minutes.",
            },
            always("Si ce n’était pas vous, ignorez ce message. Votre mot de passe reste le même."),
        ],
    },
    changed: NoticeWords {
        heading: "Votre mot de passe a changé.",
        why: "Ce compte a un nouveau mot de passe. Si c’était vous, il n’y a rien à faire.",
        button: "",
        after: &[always(
            "Si ce n’était pas vous\u{a0}: demandez tout de suite un nouveau mot de passe, là où l’on se connecte («\u{a0}mot de passe oublié\u{a0}»), et prévenez la personne qui planifie votre équipe.",
        )],
    },
    or_address: "Ou ouvrez cette adresse",
};
