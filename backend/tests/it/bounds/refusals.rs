//! Refusals of the largest requests: they name some of what is in the way and say how much there is.

use super::{accept, missions, morning, numbered, wide};
use crate::support::{Kind, Outcome, Persona, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};

const IN_THE_WAY: usize = 130;

/// A person who is on so many calls at once.
async fn taken(manager: &Persona<'_>) -> (String, Vec<String>) {
    let calls = missions(manager, IN_THE_WAY, |number| {
        let mut mission = morning(number);
        mission["title"] = json!(numbered(200, number));
        mission
    })
    .await;
    let user = manager.user("Nina Simone").await;
    for mission in &calls {
        accept(manager, mission, &user).await;
    }
    (user, calls)
}

fn names_the_first_hundred(refused: &Outcome, code: &str, total: usize) {
    let problem = refused.refused(if code == "schedule_conflict" { 400 } else { 409 }, code);
    let conflicts = problem["conflicts"].as_array().unwrap();
    assert_eq!((conflicts.len(), &problem["conflicts_total"]), (100, &json!(total)));
    let starts: Vec<_> = conflicts.iter().map(|conflict| conflict["start_at"].as_str().unwrap()).collect();
    assert!(starts.is_sorted(), "by start");
}

#[rstest]
#[tokio::test]
async fn a_hundred_conflicts_are_named_on_every_path(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (user, _) = taken(&manager).await;
    let call = manager.mission("Balance", "09:00", "10:00").await;
    let body = json!({ "mission_id": call, "user_id": user, "status": "ACCEPTED" });
    names_the_first_hundred(&manager.post("/assignments", body).await, "schedule_conflict", IN_THE_WAY);
    let asked = manager.assignment(&call, &user).await;
    let (invitation, token) = manager.invitation(&asked).await;
    let yes = json!({ "token": token });
    for (path, body) in [
        (format!("/assignments/{asked}:status"), json!({ "status": "ACCEPTED" })),
        (format!("/assignments/{asked}/accept"), yes.clone()),
        (format!("/invitations/{invitation}/accept"), yes),
    ] {
        names_the_first_hundred(&manager.post(&path, body).await, "schedule_conflict", IN_THE_WAY);
    }
    let apart = manager.mission("Concert", "20:00", "22:00").await;
    accept(&manager, &apart, &user).await;
    let onto = json!({ "start_at": "2026-07-10T11:00:00Z", "end_at": "2026-07-10T13:00:00Z" });
    names_the_first_hundred(
        &manager.patch(&format!("/missions/{apart}"), onto).await,
        "schedule_conflict",
        IN_THE_WAY,
    );
    // With fewer in the way the number is said, too.
    let two = manager.mission("Répétition", "21:00", "23:00").await;
    let body = json!({ "mission_id": two, "user_id": user, "status": "ACCEPTED" });
    let refused = manager.post("/assignments", body).await.refused(400, "schedule_conflict");
    assert_eq!((refused["conflicts"].as_array().unwrap().len(), &refused["conflicts_total"]), (1, &json!(1)));
}

#[rstest]
#[tokio::test]
async fn a_hundred_availabilities_are_named(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = test.tech_user;
    let declare = async |from: String, to: String| {
        let body = json!({ "user_id": user, "start_at": from, "end_at": to });
        let id = manager.post("/availabilities", body).await.ok()["id"].as_str().unwrap().to_owned();
        manager.post_empty(&format!("/availabilities/{id}:approve")).await
    };
    for minute in 0..IN_THE_WAY {
        let instant = |minute: usize| format!("2026-07-10T{:02}:{:02}:00Z", 8 + minute / 60, minute % 60);
        declare(instant(minute), instant(minute + 1)).await.ok();
    }
    let refused = declare("2026-07-10T00:00:00Z".into(), "2026-07-11T00:00:00Z".into()).await;
    names_the_first_hundred(&refused, "availability_overlap", IN_THE_WAY);
}

/// Naming is bounded, marking is not.
#[rstest]
#[tokio::test]
async fn a_move_marks_everyone_and_names_a_hundred(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (evening, night) = (
        manager.mission("Concert", "20:00", "22:00").await,
        manager.mission("Démontage", "22:00", "23:00").await,
    );
    for number in 0..IN_THE_WAY {
        let user = manager.user(&format!("Personne {number}")).await;
        for mission in [&evening, &night] {
            accept(&manager, mission, &user).await;
        }
    }
    let free = manager.user("Libre").await;
    let free = accept(&manager, &night, &free).await;
    let path = format!("/missions/{night}");
    let onto = json!({ "start_at": "2026-07-10T21:00:00Z", "end_at": "2026-07-10T23:00:00Z" });
    names_the_first_hundred(&manager.patch(&path, onto.clone()).await, "schedule_conflict", IN_THE_WAY);
    let mut because = onto;
    because["override_reason"] = json!("renfort");
    manager.patch(&path, because).await.ok();
    let marked = "SELECT count(*) AS n FROM assignments WHERE conflict_override = 'renfort'";
    assert_eq!(test.count(marked).await, i64::try_from(IN_THE_WAY).unwrap());
    assert_eq!(manager.get(&format!("/assignments/{free}")).await.ok()["conflict_override"], Json::Null);
    let recorded = test.audit("assignment.override").await;
    assert_eq!(recorded.len(), IN_THE_WAY);
    for entry in recorded {
        let after = &entry.after;
        assert_eq!((&after["reason"], &after["conflicts_total"]), (&json!("renfort"), &json!(1)));
        assert_eq!(after["conflicts"].as_array().unwrap().len(), 1);
    }
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_a_body_is_told_within_bounds(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    let bulk = format!("/projects/{project}/missions:bulk_create");
    // Every item has many mistakes: each item is named, and no more than there is room for.
    let wrong = json!({ "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1 });
    for (items, named) in [(1000, 1000), (300, 900), (100, 500)] {
        let members = manager.post(&bulk, json!(vec![wrong.clone(); items])).await.wrong_members();
        assert_eq!(members.len(), named, "{items} items");
        for item in 0..items {
            assert!(
                members.iter().any(|member| member.starts_with(&format!("/{item}/"))),
                "{item} of {items}"
            );
        }
    }
    // Names as long as the body, a hundred mistakes below one.
    let inside: serde_json::Map<_, _> = (0..200).map(|i| (format!("{i}"), json!("\0"))).collect();
    let deep = json!([{ "~".repeat(1_000_000): inside }]);
    let refused = manager.post(&bulk, deep).await;
    assert!(refused.wrong_members().iter().all(|member| member.len() < 270), "{}", refused.text.len());
    let twice = format!("{{\"{0}\":1,\"{0}\":2}}", "\u{1f3ad}".repeat(5_000));
    let refused = manager.send(Method::POST, "/users", Some(twice)).await;
    refused.refused(400, "malformed_json");
    assert!(refused.text.len() < 3000, "{}", refused.text.len());
    // Thousands of members, roles and labels.
    let members: serde_json::Map<_, _> = (0..4000).map(|i| (format!("m{i}"), Json::Null)).collect();
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let user = format!("/users/{}", manager.user("Nina Simone").await);
    let unknown = json!({ "id": "019f0000-0000-7000-8000-000000000000", "role_name": "x" });
    for refused in [
        manager.patch(&user, json!(members)).await,
        manager.patch(&format!("/missions/{mission}"), json!({ "roles": vec![unknown; 800] })).await,
        manager.post("/users", json!({ "name": "Nina", "tags": vec![wide(101); 150] })).await,
    ] {
        assert!(refused.wrong_members().len() <= 1000);
        assert!(refused.text.len() < 200 * 1024, "{}", refused.text.len());
    }
}
