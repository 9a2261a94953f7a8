//! Missions, alone and in bulk.

use super::declaration::{Declaration, delete, each_at_most, get, patch, post, put};
use super::words::{ROLES, ZONES, period};
use crate::replay::script::{
    Script,
    Who::{Manager, Tech},
};
use serde_json::{Value as Json, json};

pub fn declared() -> Vec<Declaration> {
    each_at_most(("64 KiB", "50 roles with names of 100 characters, a note of 5000"), vec![
        post("/projects/<project>/missions:bulk_create")
            .body(r#"[{"title":"Montage","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z"}]"#)
            .makes("mission")
            .at_most("64 KiB", "1000 ids")
            .statements(8)
            .drawn(6, Manager).with(|s| s.some(mission_of_project))
            .tested_by("v1_endpoints::missions::bulk_creates_all_in_the_order_sent"),
        get("/missions?project_id=<project>")
            .drawn(5, Tech)
            .asking(|s| s.query(&[
                "status=open",
                "status=cancelled",
                "staffing=open",
                "staffing=full",
                "q=son",
                "from=2026-07-10T12:00:00Z",
                "to=2026-07-11T00:00:00Z",
            ]))
            .tested_by("v1_endpoints::missions::missions_are_listed_by_start_and_filtered"),
        post("/missions")
            .body(r#"{"title":"Montage","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z",
                "project_id":"<project>"}"#)
            .makes("mission")
            .drawn(20, Manager).with(mission)
            .tested_by("v1_endpoints::missions::a_mission_has_the_documented_members"),
        get("/missions/<mission>")
            .at_most("1 MiB", "a mission, and 500 names with posts")
            .drawn(5, Manager)
            .drawn(3, Tech)
            .tested_by("v1_endpoints::missions::a_mission_has_the_documented_members"),
        put("/missions/<mission>")
            .body(r#"{"title":"Montage <number>","start_at":"2026-09-01T08:00:00Z","end_at":"2026-09-01T12:00:00Z",
                "project_id":"<project>","roles":[{"id":"<role>","role_name":"lumiere","quota":2}]}"#)
            .drawn(10, Manager).with(mission_form)
            .tested_by("v1_endpoints::mission_changes::put_replaces_a_mission_and_what_is_missing_is_the_default"),
        patch("/missions/<mission>")
            .body(r#"{"project_id":"<project>","note":"Décor <number>","roles":[{"id":"<role>","role_name":"son"}]}"#)
            .drawn(18, Manager).with(mission_patch)
            .tested_by("v1_endpoints::mission_changes::patch_changes_the_named_members_of_a_mission_only"),
        delete("/missions/<mission>")
            .drawn(4, Manager)
            .tested_by("v1_endpoints::mission_changes::a_mission_goes_only_while_it_has_no_assignment"),
        post("/missions/<mission>:duplicate")
            .makes("mission")
            .drawn(5, Manager).with(duplication)
            .tested_by("v1_endpoints::missions::a_duplicate_has_the_roles_and_not_the_people"),
        post("/missions/<mission>:cancel")
            .drawn(3, Manager)
            .tested_by("v1_endpoints::mission_changes::calling_a_mission_off_ends_its_assignments_and_links"),
    ])
}

const TITLES: &[&str] = &["Montage son", "Concert", "Démontage", "Balances"];

fn mission_of_project(s: &mut Script) -> Json {
    let mut body = period(s);
    if s.chance(90) {
        body["title"] = json!(s.pick(TITLES));
    }
    match s.below(5) {
        0 => body["role"] = json!(s.pick(ROLES)),
        1 => {
            let role = |s: &mut Script| json!({ "role_name": s.pick(ROLES), "quota": s.pick(&[1, 1, 2]) });
            body["roles"] = if s.chance(60) { json!([role(s)]) } else { json!([role(s), role(s)]) };
        }
        2 | 3 => body["roles"] = json!([{ "role_name": s.pick(ROLES), "quota": 1 }]),
        _ => {}
    }
    if s.chance(15) {
        body["timezone"] = json!(s.pick(ZONES));
    }
    body
}

fn mission(s: &mut Script) -> Json {
    let mut body = mission_of_project(s);
    if s.chance(60) {
        body["project_id"] = s.id("project");
    }
    body
}

fn mission_form(s: &mut Script) -> Json {
    let mut body = mission(s);
    if s.chance(30) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

fn mission_patch(s: &mut Script) -> Json {
    let mut body = match s.below(8) {
        0 => json!({ "title": s.pick(TITLES) }),
        1..=3 => json!({ "roles": [{ "role_name": s.pick(ROLES), "quota": s.pick(&[1, 1, 2, 3]) }] }),
        4 => json!({ "roles": [] }),
        5 => json!({ "project_id": null, "location": "Grande salle" }),
        _ => period(s),
    };
    if s.chance(30) {
        body["override_reason"] = json!("no way around it");
    }
    body
}

fn duplication(s: &mut Script) -> Json {
    match s.below(3) {
        0 => json!({}),
        1 => json!({ "start_at": s.instant() }),
        _ => json!({ "shift_days": s.pick(&[1, -1, 107, 4000, 0]) }),
    }
}
