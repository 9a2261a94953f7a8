//! Mails.

use super::declaration::{Declaration, each_at_most, get};
use super::{PAGE, WORDS};
use crate::replay::script::Who::Manager;

pub fn declared() -> Vec<Declaration> {
    each_at_most(
        WORDS,
        vec![
            get("/mails?user_id=<user>")
                .at_most(PAGE.0, PAGE.1)
                .listed("?state=queued", 2)
                .drawn(8, Manager)
                .asking(|s| s.query(&["state=sent", "kind=member&state=queued", "kind=calls", "state=lost"]))
                .tested_by("mails_over_Smtp::what_was_sent_to_whom_is_listed"),
            get("/mails/<mail>")
                .at_most("1 MiB", "a person's calls, each with titles of 200 characters")
                .statements(6)
                .drawn(6, Manager)
                .tested_by("mails_over_Smtp::what_was_sent_to_whom_is_listed"),
        ],
    )
}
