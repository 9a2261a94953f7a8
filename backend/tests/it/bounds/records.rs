//! What is kept and shown of the largest changes.

use super::{accept, missions, morning};
use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[tokio::test]
async fn an_override_is_on_record_with_the_first_hundred_it_covers(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    for mission in missions(&manager, 110, morning).await {
        test.pass_seconds(1);
        accept(&manager, &mission, &user).await;
    }
    let recorded = test.audit("assignment.override").await;
    for (number, entry) in (1..110_usize).zip(&recorded) {
        let after = &entry.after;
        assert_eq!((&after["reason"], &after["conflicts_total"]), (&json!("renfort"), &json!(number)));
        assert_eq!(after["conflicts"].as_array().unwrap().len(), number.min(100));
    }
    // Likewise where a mission moves.
    test.pass_seconds(1);
    let evening = manager.mission("Concert", "20:00", "22:00").await;
    accept(&manager, &evening, &user).await;
    let because = json!({
        "start_at": "2026-07-10T09:00:00Z", "end_at": "2026-07-10T10:00:00Z", "override_reason": "renfort",
    });
    manager.patch(&format!("/missions/{evening}"), because).await.ok();
    let recorded = test.audit("assignment.override").await;
    let after = &recorded.last().unwrap().after;
    assert_eq!((recorded.len(), &after["conflicts_total"]), (110, &json!(110)));
    assert_eq!(after["conflicts"].as_array().unwrap().len(), 100);
}

#[rstest]
#[tokio::test]
async fn a_deactivation_shows_the_first_hundred_calls_ahead(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let calls = missions(&manager, 120, morning).await;
    let items: Vec<_> =
        calls.iter().map(|mission| json!({ "mission_id": mission, "user_id": user })).collect();
    manager.post("/assignments:bulk_create", json!(items)).await.ok();
    let gone = manager.patch(&format!("/users/{user}"), json!({ "active": false })).await.ok();
    assert_eq!(gone["upcoming_assignments_total"], 120);
    assert_eq!(gone["upcoming_assignments"].as_array().unwrap().len(), 100);
}
