//! English.

use super::{NoticeWords, Words};

pub(super) static WORDS: Words = Words {
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
