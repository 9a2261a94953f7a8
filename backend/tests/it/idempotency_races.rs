//! Requests with the same `Idempotency-Key` at the same moment.

use crate::{
    idempotency::{assert_replayed, keyed},
    support::{Kind, Persona, Test, together},
};
use axum::http::{HeaderMap, HeaderName, Request};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value as Json, json};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_do_the_work_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.open_all_connections().await;
    let owner = keyed(&test.owner().await, "k");
    let before = test.audit_count().await;
    let answers = together((0..20).map(|_| owner.post("/users", json!({ "name": "Nina Simone" })))).await;
    let (again, first): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.header("idempotency-replayed") == "true");
    assert_eq!((first.len(), again.len()), (1, 19));
    first[0].ok();
    again.into_iter().for_each(|again| assert_replayed(again, first[0]));
    assert_eq!(test.count("SELECT count(*) AS n FROM users WHERE last_name = 'Simone'").await, 1);
    assert_eq!(test.audit_count().await, before + 1);
}

/// Until this many transactions wait for a lock.
async fn until_waiting(test: &Test, transactions: i64) {
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while test.count(waiting).await < transactions {
        tokio::task::yield_now().await;
    }
}

fn system() -> coulisses::db::Origin {
    coulisses::db::Origin::system()
}

/// The first is stopped half-way by a lock; the second waits for it rather than doing the work again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_second_request_waits_for_the_first_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let owner = test.owner().await;
    let project = owner.project("Festival").await;
    let path = format!("/projects/{project}/missions:bulk_create");
    let body =
        json!([{ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" }]);
    let held = test.app.db.write(system()).await.unwrap();
    held.execute_unprepared(&format!("SELECT 1 FROM projects WHERE id = '{project}' FOR UPDATE"))
        .await
        .unwrap();
    let sender = keyed(&owner, "k");
    let release = async {
        until_waiting(&test, 2).await;
        held.commit().await.unwrap();
    };
    let ((), one, two) = tokio::join!(release, sender.post(&path, body.clone()), sender.post(&path, body));
    let (first, again) = if one.header("idempotency-replayed").is_empty() { (one, two) } else { (two, one) };
    assert_eq!(first.ok()["created"], 1);
    assert_replayed(&again, &first);
    assert_eq!(test.count("SELECT count(*) AS n FROM missions").await, 1);
}

/// A transaction in which the caller's key for POST /users with this body is claimed, as a first request's is.
async fn claimed(test: &Test, who: &Persona<'_>, body: &Json) -> coulisses::state::RequestTx {
    let account = who.get("/auth/me").await.ok()["id"].as_str().unwrap().parse().unwrap();
    let (parts, ()) =
        Request::post("/api/v1/users").header("idempotency-key", "k").body(()).unwrap().into_parts();
    let key = coulisses::http::IdempotencyKey::of(&parts, body.to_string().as_bytes()).unwrap().unwrap();
    let name = HeaderName::from_static("x-request-id");
    let request = coulisses::http::RequestInfo::new(&HeaderMap::new(), &name, &test.app.random);
    request.note_idempotency_key(key);
    let origin = coulisses::db::Origin {
        actor: coulisses::db::Actor::Account(account),
        ..coulisses::db::Origin::system()
    };
    test.app.write_for(test.org, origin, &request).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn whoever_waits_too_long_is_told_that_it_is_running_on_Postgres() {
    // A lock is waited for half of that.
    let test = Test::start_with(Kind::Postgres, &[("REQUEST_TIMEOUT_SECONDS", "4")]).await;
    let owner = test.owner().await;
    let body = json!({ "name": "Nina Simone" });
    let running = claimed(&test, &owner, &body).await;
    let sender = keyed(&owner, "k");
    sender.post("/users", body.clone()).await.refused(409, "idempotency_in_progress");
    // Others are not in the way.
    keyed(&owner, "other").post("/users", body.clone()).await.ok();
    running.commit_value(&json!("the first answer")).await.unwrap();
    let replayed = sender.post("/users", body.clone()).await;
    assert_eq!((replayed.ok(), replayed.header("idempotency-replayed")), (json!("the first answer"), "true"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn the_second_does_the_work_when_the_first_fails_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let owner = test.owner().await;
    let body = json!({ "name": "Nina Simone" });
    let running = claimed(&test, &owner, &body).await;
    let fail = async {
        until_waiting(&test, 1).await;
        drop(running);
    };
    let sender = keyed(&owner, "k");
    let ((), second) = tokio::join!(fail, sender.post("/users", body));
    assert_eq!(
        (second.ok()["name"].as_str(), second.header("idempotency-replayed")),
        (Some("Nina Simone"), "")
    );
}
