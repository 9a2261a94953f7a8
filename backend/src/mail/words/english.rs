//! English.

use super::{
    AnswerWords, AnswersWords, CalledOffWords, Counted, DigestWords, ListWords, MovedWords, NoticeWords,
    Words, always,
};

pub(super) static WORDS: Words = Words {
    lang: "en",
    colon: ": ",
    hello: "Hello",

    calls: Counted { one: "Can you come?", many: "Can you come? There are {n} calls for you." },
    reminders: Counted {
        one: "A reminder: this call is still waiting for your answer.",
        many: "A reminder: {n} calls are still waiting for your answer.",
    },
    please_answer: "A yes and a no both help. Answering takes no account.",
    subject_calls: Counted { one: "{n} call to answer", many: "{n} calls to answer" },
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

    moved: MovedWords {
        heading: Counted { one: "This call has moved.", many: "{n} calls have moved." },
        opening: "Please look at what changes, and tell us whether you can come.",
        subject: Counted { one: "moved", many: "{n} calls have moved" },
        was: "Was",
        now: "Now",
        nowhere: "not given",
        confirm: "You said yes. Please confirm, or withdraw if you can no longer come.",
        confirm_button: "Confirm or withdraw",
        answer: "We are waiting for your answer: can you come?",
        calendar: Counted {
            one: "The attachment has the call as it is now, for your calendar.",
            many: "The attachment has the calls as they are now, for your calendar.",
        },
    },
    called_off: CalledOffWords {
        heading: Counted { one: "This call is off for you.", many: "{n} calls are off for you." },
        opening: "You are not expected, and you need not do anything.",
        subject: Counted { one: "called off", many: "{n} calls are off" },
        calendar: "You had said yes: the attachment cancels it in your calendar, too.",
    },
    answers: AnswersWords {
        heading: Counted { one: "An answer has come in.", many: "{n} answers have come in." },
        subject: Counted { one: "{n} answer", many: "{n} answers" },
        declined: AnswerWords { word: "no", counted: always("{n} no") },
        withdrawn: AnswerWords {
            word: "withdrawn",
            counted: Counted { one: "{n} withdrawal", many: "{n} withdrawals" },
        },
        accepted: AnswerWords { word: "yes", counted: always("{n} yes") },
        confirmed: AnswerWords {
            word: "confirmed",
            counted: Counted { one: "{n} confirmation", many: "{n} confirmations" },
        },
        more: Counted {
            one: "{n} more answer is not in this list.",
            many: "{n} more answers are not in this list.",
        },
    },
    digest: DigestWords {
        heading: "This morning",
        unanswered: ListWords {
            heading: Counted { one: "{n} request without an answer", many: "{n} requests without an answer" },
            subject: always("{n} unanswered"),
        },
        open_roles: ListWords {
            heading: Counted { one: "{n} open role", many: "{n} open roles" },
            subject: Counted { one: "{n} open role", many: "{n} open roles" },
        },
        expiring: ListWords {
            heading: Counted { one: "{n} link closes soon", many: "{n} links close soon" },
            subject: Counted { one: "{n} link closes soon", many: "{n} links close soon" },
        },
        since: "Asked on",
        until: "Link open until",
        missing: "Missing",
        people: Counted { one: "{n} person", many: "{n} people" },
        more: Counted { one: "{n} more is not in this list.", many: "{n} more are not in this list." },
    },
    fewer: "To stop these mails, use the unsubscribe link of your mail program. To choose which you get, ask whoever manages the members.",

    org: "Crew",
    account: "Your account",
    when: "When",
    new_member: NoticeWords {
        heading: "Set your password.",
        why: "You have been made a member of a crew. Choose a password, and you can sign in.",
        button: "Set my password",
        after: &[
            Counted {
                one: "The link works once, for {n} day. After that, ask whoever added you for a new one.",
                many: "The link works once, for {n} days. After that, ask whoever added you for a new one.",
            },
            always("If you do not know what this is about, ignore this mail. Nothing happens without you."),
        ],
    },
    known_member: NoticeWords {
        heading: "Take up your membership.",
        why: "You have been made a member of a crew. You have an account already: open the link to say that it is you.",
        button: "Take up my membership",
        after: &[
            Counted {
                one: "The link works once, for {n} day. After that, ask whoever added you for a new one.",
                many: "The link works once, for {n} days. After that, ask whoever added you for a new one.",
            },
            always("If you do not know what this is about, ignore this mail. Nothing happens without you."),
        ],
    },
    reset: NoticeWords {
        heading: "Choose a new password.",
        why: "Somebody, probably you, has asked for a new password for this account.",
        button: "Choose a new password",
        after: &[
            Counted {
                one: "The link works once, for {n} minute.",
                many: "The link works once, for {n} minutes.",
            },
            always("If it was not you, ignore this mail. Your password stays as it is."),
        ],
    },
    changed: NoticeWords {
        heading: "Your password was changed.",
        why: "The password of this account is a new one. If that was you, there is nothing to do.",
        button: "",
        after: &[always(
            "If it was not you: ask for a new password at once, where you sign in (“forgotten password”), and tell whoever plans your crew.",
        )],
    },
    or_address: "Or open this address",
};
