//! English.

use super::{Told, Words};

pub(super) static WORDS: Words = Words {
    asked: "for",
    project: "Project",
    role: "Your role",
    place: "Where",
    note: "Note",
    contact: "Contact",
    before: "Before:",
    planner: "the planner",
    languages: "Language",

    pending: "Answer wanted",
    question: "Can you come?",
    answer_by: "Please answer by",
    accept: "Accept",
    decline: "Decline",
    this_call: "this call",

    accepted: Told {
        word: "Accepted",
        title: "Thank you, you are expected.",
        next: "If you can no longer come, tell {who} as soon as you can.",
    },
    down_as_coming: Told {
        word: "Accepted",
        title: "You are down as coming.",
        next: "If you cannot come, tell {who} as soon as you can.",
    },
    confirm: Told {
        word: "Accepted",
        title: "You are down as coming.",
        next: "Is that right? Confirm it here, or say that you cannot come.",
    },
    declined: Told {
        word: "Declined",
        title: "Thank you for your answer. You are not expected.",
        next: "If you can come after all, tell {who}: the place may still be free.",
    },
    down_as_absent: Told {
        word: "Declined",
        title: "You are down as not available.",
        next: "If you can come after all, tell {who}: the place may still be free.",
    },
    asked_again: Told {
        word: "Replaced",
        title: "You have answered by this link, and were asked again since.",
        next: "Open the link in the latest message. If you cannot find it, ask {who}.",
    },
    expired: Told {
        word: "Closed",
        title: "The time to answer is over.",
        next: "If you would still like to come, ask {who} whether the place is free.",
    },
    revoked: Told {
        word: "Taken back",
        title: "This request was taken back.",
        next: "You need not do anything. If you have a question, ask {who}.",
    },
    superseded: Told {
        word: "Replaced",
        title: "There is a newer message about this call.",
        next: "Open the link in the latest one. If you cannot find it, ask {who}.",
    },
    called_off: Told {
        word: "Called off",
        title: "This call was called off.",
        next: "You are not expected. If you have a question, ask {who}.",
    },
    over: Told { word: "Over", title: "This call is over.", next: "If something is not right, tell {who}." },
    quota: Told {
        word: "Filled",
        title: "This role has been filled.",
        next: "Thank you for your time. You are not expected; if you have a question, ask {who}.",
    },
    archived: Told {
        word: "Closed",
        title: "This project is closed.",
        next: "Nobody can be added to it any more. If you have a question, ask {who}.",
    },
    inactive: Told {
        word: "On hold",
        title: "You are not on the planning at the moment.",
        next: "If that is a mistake, tell {who}.",
    },
    conflict: Told {
        word: "Same time",
        title: "You are already taken at that time.",
        next: "You can decline here. If you would rather do this one, tell {who}.",
    },
    changed: Told {
        word: "Changed",
        title: "This call has changed since you looked.",
        next: "Your answer was not saved. Please look again, then answer.",
    },
    invalid: Told {
        word: "Not valid",
        title: "This link is not valid.",
        next: "Part of the address may be missing: open it again from your message. If that does not help, ask whoever sent it.",
    },

    absence: "A time when you are not available",
    reason: "Would you like to say why?",
    reason_hint: "It is up to you. The planner reads it; at most 500 characters.",
    send_reason: "Send the reason",
    reason_told: "Your reason was passed on.",
    reason_too_long: "The reason was not saved: it has more than 500 characters.",
    answer_stands: "Your earlier answer stands. To change it, tell {who}.",
    choose: "Your answer was not saved. Please choose one of the two buttons.",

    password: "Set your password",
    joining: "You have been made a member of",
    account: "Your account",
    current_password: "Current password",
    password_forgotten: "You have an account already. If you do not know its password, or somebody else chose it, ask for a new one (“forgotten password”), or ask whoever runs this service.",
    new_password: "New password",
    password_rule: "8 to 128 characters. Not one that many people use, not your e-mail, not the one you have now.",
    save: "Save the password",
    not_saved: "Not saved yet:",
    wrong: "That is not the current password.",
    too_short: "The new password is too short: at least 8 characters.",
    too_long: "The new password is too long: at most 128 characters.",
    common: "The new password is among the first that anyone would guess. Three or four words in a row are harder to guess and easy to remember.",
    is_email: "The new password is your e-mail.",
    same: "The new password is the one you have now.",
    slow_down: "There were too many tries. Please wait a moment, then try again.",
    saved: Told {
        word: "Saved",
        title: "Your password is set.",
        next: "You can sign in now. Wherever you were signed in before, you are signed out.",
    },
    password_invalid: Told {
        word: "Not valid",
        title: "This link is not valid.",
        next: "It may be used up or too old, or part of the address is missing. Ask for a new one.",
    },
    to_start: "Go on to the start page",

    mails_of: "Mails from",
    unsubscribe: Told {
        word: "To confirm",
        title: "Stop these mails?",
        next: "People’s answers and the digest every morning will no longer be mailed to you. Calls for yourself, and mails about your password, still arrive.",
    },
    unsubscribe_button: "Stop these mails",
    unsubscribed: Told {
        word: "Stopped",
        title: "You no longer get these mails.",
        next: "People’s answers and the morning digest are not mailed to you. If you change your mind, ask whoever manages the members.",
    },

    start: Told {
        word: "Coulisses",
        title: "Crews for live shows.",
        next: "Who is needed, who is asked, who comes. If you were sent a link, open it from your message: answering takes no account.",
    },
    for_programs: "API documentation",
    not_found: Told {
        word: "Not found",
        title: "There is nothing at this address.",
        next: "If you came by a link, open it again from your message: part of the address may be missing.",
    },
    not_allowed: Told {
        word: "Not possible",
        title: "This page cannot be used that way.",
        next: "Open the link from your message again.",
    },
    unreadable: Told {
        word: "Not saved",
        title: "That could not be read.",
        next: "Nothing was saved. Go back, shorten what you wrote if it was long, and try again.",
    },
    try_again: Told {
        word: "Not saved",
        title: "That did not work just now.",
        next: "Nothing was saved. Please try again in a moment.",
    },
    perhaps: Told {
        word: "Not certain",
        title: "We cannot tell whether that was saved.",
        next: "Open the link from your message again in a moment, and look.",
    },
    broken: Told {
        word: "Out of order",
        title: "Something went wrong on our side.",
        next: "You did nothing wrong. Please try again in a moment; if it stays like this, report it with the number below.",
    },
    reference: "Number for a report:",
};
