//! Projects.

use super::declaration::{Declaration, delete, each_at_most, get, patch, post, put};
use super::words::NOTES;
use crate::replay::script::{
    Script,
    Who::{Manager, Tech},
};
use serde_json::{Value as Json, json};

pub fn declared() -> Vec<Declaration> {
    each_at_most(("24 KiB", "a note of 5000 characters"), vec![
        get("/projects?q=o")
            .listed("?q=Projet", 2)
            .drawn(6, Tech)
            .asking(|s| s.query(&["status=DRAFT", "status=ACTIVE&status=DRAFT", "q=ET%C3%89", "q=_"]))
            .tested_by("v1_endpoints::projects::projects_are_listed_newest_first_and_filtered"),
        post("/projects")
            .body(r#"{"name":"Création <number>"}"#)
            .makes("project")
            .drawn(7, Manager).with(project)
            .tested_by("v1_endpoints::projects::a_project_has_the_documented_members"),
        get("/projects/<project>")
            .tested_by("v1_endpoints::projects::a_project_has_the_documented_members"),
        put("/projects/<project>")
            .body(r#"{"name":"Reprise <number>"}"#)
            .drawn(4, Manager).with(project)
            .tested_by("v1_endpoints::project_changes::put_replaces_a_project_and_what_is_missing_is_the_default"),
        patch("/projects/<project>")
            .body(r#"{"status":"ACTIVE","note":"Saison <number>"}"#)
            .drawn(5, Manager).with(project_patch)
            .tested_by("v1_endpoints::project_changes::patch_changes_the_named_members_of_a_project_only"),
        delete("/projects/<project>")
            .drawn(4, Manager)
            .tested_by("v1_endpoints::project_changes::a_project_goes_when_it_has_no_missions"),
    ])
}

const PROJECTS: &[&str] = &["Été", "ÉTÉ", "Hiver", "100 %_x", "Tournée", "Ét\u{e9} 2", "Gala", "Bal"];

fn project(s: &mut Script) -> Json {
    let mut body = json!({ "name": s.pick(PROJECTS) });
    if s.chance(40) {
        body["status"] = json!(s.pick(&["DRAFT", "ACTIVE", "ARCHIVED"]));
        body["note"] = json!(s.pick(NOTES));
    }
    if s.chance(30) {
        body["starts_at"] = s.instant();
        body["ends_at"] = s.instant();
    }
    body
}

fn project_patch(s: &mut Script) -> Json {
    match s.below(4) {
        0 => json!({ "status": s.pick(&["DRAFT", "ACTIVE", "ARCHIVED"]) }),
        1 => json!({ "note": null }),
        2 => json!({}),
        _ => json!({ "name": s.pick(PROJECTS) }),
    }
}
