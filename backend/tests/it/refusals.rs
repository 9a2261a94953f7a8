//! Codes that no other test meets on the operation that documents them. `cargo xtask test` tells which documented codes
//! nothing provokes.

use crate::support::{Kind, Persona, Test};
use axum::{Extension, extract::ConnectInfo};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::net::SocketAddr;

async fn accept(who: &Persona<'_>, assignment: &str) -> crate::support::Outcome {
    who.post_empty(&format!("/assignments/{assignment}/accept")).await
}

/// A mission with one mission role, and the technician's assignment to it.
async fn asked(test: &Test, manager: &Persona<'_>, quota: Json) -> (String, String) {
    let roles = json!([{ "role_name": "lumiere", "quota": quota }]);
    let body = json!({
        "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z", "roles": roles,
    });
    let mission = manager.post("/missions", body).await.ok()["id"].as_str().expect("an id").to_owned();
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    (mission, assignment)
}

#[rstest]
#[tokio::test]
async fn what_keeps_a_user_from_accepting_their_own(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let user = test.tech_user.to_string();

    let (mission, taken) = asked(&test, &manager, json!(1)).await;
    let other = manager.assignment(&mission, &manager.user("Zoé").await).await;
    manager.post(&format!("/assignments/{other}:status"), json!({ "status": "ACCEPTED" })).await.ok();
    accept(&tech, &taken).await.refused(409, "quota_reached");

    let (mission, declined) = asked(&test, &manager, Json::Null).await;
    tech.post_empty(&format!("/assignments/{declined}/decline")).await.ok();
    manager.assignment(&mission, &user).await;
    accept(&tech, &declined).await.refused(409, "already_assigned");

    let (_, left) = asked(&test, &manager, Json::Null).await;
    manager.patch(&format!("/users/{user}"), json!({ "active": false })).await.ok();
    accept(&tech, &left).await.refused(409, "user_inactive");
}

#[rstest]
#[tokio::test]
async fn a_whole_mission_may_not_need_fewer_than_it_has(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let (mission, first) = asked(&test, &manager, json!(2)).await;
    let second = manager.assignment(&mission, &manager.user("Zoé").await).await;
    accept(&tech, &first).await.ok();
    manager.post(&format!("/assignments/{second}:status"), json!({ "status": "ACCEPTED" })).await.ok();
    let path = format!("/missions/{mission}");
    let mut shown = manager.get(&path).await.ok();
    shown["roles"][0]["quota"] = json!(1);
    manager.put(&path, shown).await.refused(409, "quota_below_accepted");
}

#[rstest]
#[tokio::test]
async fn an_unknown_part_of_a_links_address_is_named(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let asked = test.anonymous().get("/invitations/verify?token=x&what=y").await;
    asked.refused(400, "validation_failed");
    assert_eq!(asked.wrong_members(), ["/what"]);
}

#[rstest]
#[tokio::test]
async fn links_for_a_password_are_few_from_one_address(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let peer: SocketAddr = "203.0.113.9:4711".parse().expect("an address");
    let anyone = test.anonymous().at(&test.router.clone().layer(Extension(ConnectInfo(peer))));
    let ask = || anyone.post("/auth/reset/request", json!({ "email": "nobody@example.org" }));
    // A whole crew may sit behind one address.
    for _ in 0..300 {
        ask().await.ok();
    }
    ask().await.refused(429, "too_many_tries");
}

/// A planner says yes for somebody whose link still waits: there is nothing to remind of.
#[rstest]
#[tokio::test]
async fn nobody_is_reminded_of_what_a_planner_answered(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (_, assignment) = asked(&test, &manager, Json::Null).await;
    let (invitation, _) = manager.invitation(&assignment).await;
    manager.post(&format!("/assignments/{assignment}:status"), json!({ "status": "ACCEPTED" })).await.ok();
    manager.post_empty(&format!("/invitations/{invitation}:remind")).await.refused(409, "not_invited");
}
