//! Assignments, and their answers.

use super::declaration::{Declaration, delete, each_at_most, get, patch, post};
use super::words::{NOTES, ROLES};
use crate::replay::script::{
    Script,
    Who::{Manager, Tech},
};
use serde_json::{Value as Json, json};

/// The answer is the person's own: planners use `:status`.
const PLANNERS: [&str; 3] = ["manager", "admin", "owner"];
const STATUSES: &[&str] = &["INVITED", "ACCEPTED", "ACCEPTED", "DECLINED", "CANCELLED"];
const TOKEN: &str = r#"{"token":"<token>"}"#;

pub fn declared() -> Vec<Declaration> {
    each_at_most(("32 KiB", "a note of 5000 characters, reasons, titles"), vec![
        get("/assignments?user_id=<user>&mission_id=<mission>&project_id=<project>")
            .drawn(5, Manager)
            .asking(|s| {
                s.query(&["me=1", "never_asked=1", "never_asked=false", "status=ACCEPTED", "status=INVITED&status=DECLINED", "from=2026-07-10T12:00:00Z"])
            })
            .tested_by("v1_endpoints::assignments::assignments_are_listed_by_start_and_filtered"),
        post("/assignments")
            .body(r#"{"mission_id":"<mission>","user_id":"<user>"}"#)
            .makes("assignment")
            .drawn(45, Manager).with(assignment)
            .tested_by("v1_endpoints::assignments::an_assignment_has_the_documented_members"),
        post("/assignments:bulk_create")
            .body(r#"[{"mission_id":"<mission>","user_id":"<user>"}]"#)
            .makes("assignment")
            .at_most("2 MiB", "1000 items, each with five warnings")
            .statements(12)
            .drawn(8, Manager).with(|s| s.some(assignment))
            .tested_by("v1_endpoints::assignments_bulk::bulk_invites_all_in_the_order_sent"),
        get("/assignments/<assignment>")
            .drawn(4, Tech)
            .tested_by("v1_endpoints::assignments::an_assignment_has_the_documented_members"),
        patch("/assignments/<assignment>")
            .body(r#"{"note":"Avec le camion <number>"}"#)
            .drawn(6, Manager).with(assignment_form)
            .tested_by("v1_endpoints::assignment_changes::the_note_and_the_role_of_an_assignment_change"),
        delete("/assignments/<assignment>")
            .drawn(3, Manager)
            .tested_by("v1_endpoints::assignment_changes::a_deleted_assignment_takes_its_links_along_and_the_log_keeps_both"),
        post("/assignments/<assignment>:status")
            .body(r#"{"status":"ACCEPTED"}"#)
            .drawn(30, Manager).with(status)
            .tested_by("v1_endpoints::assignments::statuses_change_as_the_product_says"),
        post("/assignments/<assignment>/accept")
            .sampled("/assignments/<assignment>/accept", TOKEN)
            .gets(403, &PLANNERS)
            .at_most("1 KiB", "a word or two")
            .drawn(8, Tech).with(Script::answer_body)
            .drawn(3, Manager)
            .tested_by("v1_endpoints::assignments::whoever_is_called_answers_with_their_session"),
        post("/assignments/<moved>/confirm")
            .at_most("1 KiB", "a word or two")
            .drawn(4, Manager).with(Script::answer_body)
            .tested_by("histories_over_Smtp::a_mission_that_moved_is_confirmed_by_whoever_may"),
        post("/assignments/<assignment>/decline")
            .body(r#"{"reason":"Malade"}"#)
            .sampled("/assignments/<assignment>/decline", TOKEN)
            .gets(403, &PLANNERS)
            .at_most("1 KiB", "a word or two")
            .drawn(6, Tech).with(decline)
            .tested_by("v1_endpoints::assignments::whoever_is_called_answers_with_their_session"),
    ])
}

fn bulk_assignment(s: &mut Script) -> Json {
    let mut body = json!({ "mission_id": s.id("mission"), "user_id": s.id("user") });
    if s.chance(25) {
        body["role_name"] = json!(s.pick(ROLES));
    }
    body
}

fn assignment(s: &mut Script) -> Json {
    let mut body = bulk_assignment(s);
    if s.chance(60) {
        body["status"] = json!(s.pick(STATUSES));
    }
    if s.chance(if body["status"] == "ACCEPTED" { 40 } else { 5 }) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

fn assignment_form(s: &mut Script) -> Json {
    match s.below(3) {
        0 => json!({ "role_name": s.pick(ROLES) }),
        1 => json!({ "role_name": null }),
        _ => json!({ "note": s.pick(NOTES) }),
    }
}

fn status(s: &mut Script) -> Json {
    let mut body = json!({ "status": s.pick(STATUSES) });
    if s.chance(if body["status"] == "ACCEPTED" { 40 } else { 5 }) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

pub fn decline(s: &mut Script) -> Json {
    let mut body = s.answer_body();
    if s.chance(40) {
        body["reason"] = json!("déjà pris");
    }
    body
}
