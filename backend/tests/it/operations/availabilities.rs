//! Availabilities; their first name follows.

use super::declaration::{Declaration, delete, each_at_most, get, patch, post, put};
use super::words::period;
use crate::replay::script::{
    Script,
    Who::{Manager, Tech},
};
use serde_json::{Value as Json, json};

pub fn declared() -> Vec<Declaration> {
    each_at_most(("24 KiB", "a note of 5000 characters"), vec![
        get("/availabilities?user_id=<user>")
            .drawn(4, Tech)
            .asking(|s| {
                s.query(&["status=APPROVED", "status=PENDING&status=REJECTED", "kind=unavailable", "to=2026-07-11T00:00:00Z"])
            })
            .tested_by("availability_changes::lists_are_filtered_and_paged_by_start"),
        post("/availabilities")
            .body(r#"{"user_id":"<user>","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z"}"#)
            .makes("availability")
            .at_most("32 KiB", "a note of 5000 characters, 104 ids")
            .drawn(12, Manager).with(availability)
            .tested_by("availabilities::a_tech_declares_only_their_own_and_approves_none"),
        get("/availabilities/<availability>")
            .tested_by("availability_changes::a_tech_reads_changes_and_withdraws_their_own_only"),
        put("/availabilities/<availability>")
            .body(r#"{"start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z","note":"Matin <number>"}"#)
            .drawn(4, Manager).with(period)
            .tested_by("availability_changes::ones_own_change_of_an_approved_one_waits_again"),
        patch("/availabilities/<availability>")
            .body(r#"{"note":"Sauf le soir <number>"}"#)
            .drawn(4, Manager).with(period)
            .tested_by("availability_changes::ones_own_change_of_an_approved_one_waits_again"),
        delete("/availabilities/<availability>")
            .drawn(2, Manager)
            .drawn(1, Manager).asking(|_| "series=following".into())
            .tested_by("availability_changes::a_tech_reads_changes_and_withdraws_their_own_only"),
        post("/availabilities/<availability>:approve")
            .drawn(12, Manager)
            .tested_by("availabilities::approved_ones_of_a_person_never_overlap"),
        post("/availabilities/<availability>:reject")
            .drawn(2, Manager)
            .tested_by("availability_changes::rejected_and_approved_again"),
    ])
}

fn availability(s: &mut Script) -> Json {
    let mut body = period(s);
    body["user_id"] = s.id("user");
    if s.chance(10) {
        let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        body["repeat"] = json!({ "days": days, "until": "2026-07-14T00:00:00Z" });
    }
    if s.chance(30) {
        body["kind"] = "unavailable".into();
    }
    body
}
