//! Invitations, and answers by link.

use super::WORDS;
use super::assignments::decline;
use super::declaration::{Declaration, delete, each_at_most, get, post};
use crate::replay::script::{
    Script,
    Who::{Anonymous, Manager},
};
use serde_json::{Value as Json, json};

const TOKEN: &str = r#"{"token":"<token>"}"#;

pub fn declared() -> Vec<Declaration> {
    each_at_most(
        WORDS,
        vec![
            get("/invitations?assignment_id=<assignment>")
                .at_most("2 MiB", "1000 invitations")
                .drawn(5, Manager)
                .asking(|s| {
                    s.query(&[
                        "unanswered_hours=1",
                        "status=pending",
                        "status=answered&status=revoked",
                        "status=expired",
                    ])
                })
                .tested_by("invitations_lists::invitations_are_listed_newest_first_and_filtered"),
            post("/invitations")
                .body(r#"{"assignment_id":"<assignment>"}"#)
                .makes("invitation")
                .at_most("4 KiB", "a link")
                .drawn(14, Manager)
                .with(invitation)
                .tested_by("invitations_tokens::a_new_invitation_shows_its_token_and_link_this_once"),
            post("/invitations:bulk_create")
                .body(r#"[{"assignment_id":"<assignment>"}]"#)
                .makes("invitation")
                .at_most("2 MiB", "1000 links")
                .statements(11)
                .drawn(10, Manager)
                .with(|s| s.some(invitation))
                .tested_by("invitations_lists::bulk_makes_links_that_work_and_ends_those_before"),
            get("/invitations/<invitation>")
                .at_most("2 KiB", "one invitation")
                .drawn(3, Manager)
                .tested_by("invitations_lists::an_invitation_is_read_and_taken_back_by_its_id"),
            delete("/invitations/<invitation>")
                .drawn(3, Manager)
                .tested_by("invitations_lists::an_invitation_is_read_and_taken_back_by_its_id"),
            post("/invitations/<invitation>:remind")
                .at_most("4 KiB", "a link")
                .statements(17)
                .drawn(6, Manager)
                .tested_by(
                    "invitations_reminders::a_reminder_is_the_same_link_and_works_as_long_as_a_new_one",
                ),
            post("/invitations:remind")
                .body(r#"{"ids":["<invitation>"],"mission_id":"<mission>","project_id":"<project>"}"#)
                .at_most("2 MiB", "1000 links")
                .statements(17)
                .drawn(6, Manager)
                .with(reminders)
                .tested_by("invitations_reminders::many_are_reminded_and_who_is_not_is_said"),
            get("/invitations/verify?token=<token>")
                .at_most("64 KiB", "titles, names, notes and 100 conflicts")
                .statements(3)
                .drawn(5, Anonymous)
                .asking(|s| format!("token={}", s.token()))
                .tested_by("invitations_tokens::verify_tells_where_the_invitation_stands"),
            post("/invitations/<invitation>/accept?token=<token>")
                .sampled("/invitations/<invitation>/accept", TOKEN)
                .drawn(14, Anonymous)
                .with(Script::answer_body)
                .tested_by("invitations_flow::an_answer_by_link_is_given_once_and_may_be_repeated"),
            post("/invitations/<invitation>/decline")
                .body(TOKEN)
                .drawn(10, Anonymous)
                .with(decline)
                .tested_by("invitations_flow::a_reason_comes_with_a_no"),
        ],
    )
}

fn invitation(s: &mut Script) -> Json {
    let mut body = json!({ "assignment_id": s.id("assignment") });
    if s.chance(20) {
        body["email"] = json!(s.pick(&["nina@crew.example", "not an address"]));
    }
    body
}

fn reminders(s: &mut Script) -> Json {
    match s.below(6) {
        0 => json!({ "mission_id": s.id("mission") }),
        1 => json!({ "project_id": s.id("project"), "unanswered_hours": s.below(3) }),
        2 => json!({ "unanswered_hours": s.below(3) }),
        3 => json!({}),
        4 => json!({ "ids": [], "mission_id": s.id("mission") }),
        _ => json!({ "ids": [s.id("invitation"), s.id("invitation")] }),
    }
}
