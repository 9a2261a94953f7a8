//! No answer grows without end: the largest ones are built here and held against `docs/bounds.md`. (That every answer
//! that any test receives keeps its bound, `support::contract` sees to.)

mod feeds;
mod pages;
mod records;
mod refusals;

use crate::operations::{operations, tables};
use crate::support::Persona;
use serde_json::{Value as Json, json};

/// Four bytes, and no shorter when it is escaped.
const WIDE: &str = "𝄞";

/// So many of the widest letters.
fn wide(chars: usize) -> String {
    WIDE.repeat(chars)
}

/// The same, told from others by a number at its end.
fn numbered(chars: usize, number: usize) -> String {
    let number = number.to_string();
    wide(chars - number.len()) + &number
}

/// Missions at one time, made in bulk: their ids.
async fn missions(manager: &Persona<'_>, count: usize, mission: impl Fn(usize) -> Json) -> Vec<String> {
    let project = manager.project(&format!("Projet {count}")).await;
    let mut ids = Vec::new();
    let all: Vec<_> = (0..count).map(mission).collect();
    for part in all.chunks(40) {
        let path = format!("/projects/{project}/missions:bulk_create");
        let created = manager.post(&path, json!(part)).await.ok();
        ids.extend(created["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()));
    }
    ids
}

/// The same morning for all, and nothing else.
fn morning(number: usize) -> Json {
    json!({ "title": format!("Montage {number}"), "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" })
}

/// A new assignment, ACCEPTED whatever is in the way.
async fn accept(manager: &Persona<'_>, mission: &str, user: &str) -> String {
    let body =
        json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED", "override_reason": "renfort" });
    manager.post("/assignments", body).await.ok()["id"].as_str().unwrap().to_owned()
}

#[test]
fn every_operation_has_a_bound() {
    for operation in operations() {
        assert!(operation.bound().is_some(), "{}: declare its largest answer", operation.name());
    }
    tables::assert_recorded("bounds.md", tables::bounds());
}
