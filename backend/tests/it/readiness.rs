//! `/readyz`: whether to send traffic here.

use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::net::TcpListener;

fn ready(db: &str, cache: &str, ok: bool) -> Json {
    json!({ "status": { "db": db, "storage": "ok", "cache": cache, "ok": ok } })
}

#[rstest]
#[tokio::test]
async fn a_program_whose_database_answers_is_ready(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let answer = test.anonymous().get("/readyz").await;
    assert_eq!(answer.ok(), ready("ok", "memory", true));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[rstest]
#[tokio::test]
async fn a_program_without_its_database_lives_but_is_not_ready(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    test.app.db.clone().close().await.expect("the database is closed");
    let answer = test.anonymous().get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json(), ready("down", "memory", false));
    for path in ["/livez", "/healthz", "/ping"] {
        test.anonymous().get(path).await.ok();
    }
    let refused = manager.get("/projects").await;
    refused.refused(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    manager.post("/projects", json!({ "name": "Tempête" })).await.refused(503, "unavailable");
}

#[rstest]
#[tokio::test]
async fn a_program_about_to_stop_is_not_ready_but_still_answers(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    test.app.drain();
    let answer = test.anonymous().get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json(), ready("ok", "memory", false));
    test.anonymous().get("/livez").await.ok();
    test.manager().await.post("/projects", json!({ "name": "Tempête" })).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_cache_that_is_down_makes_nothing_fail(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let nobody_listens = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let url = format!("redis://{nobody_listens}");
    let test = Test::start_with(db, &[("REDIS_URL", &url)]).await;
    assert_eq!(test.anonymous().get("/readyz").await.ok(), ready("ok", "down", true));
    let manager = test.manager().await;
    manager.project("Tempête").await;
    assert_eq!(manager.get("/projects").await.ok().as_array().expect("an array").len(), 1);
}

#[allow(non_snake_case, reason = "tests that need a server are left out by its name")]
mod on_Redis {
    use super::*;

    #[rstest]
    #[tokio::test]
    async fn a_cache_whose_server_answers_is_ok(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
        let url = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`");
        let test = Test::start_with(db, &[("REDIS_URL", &url)]).await;
        for _ in 0..3 {
            assert_eq!(test.anonymous().get("/readyz").await.ok(), ready("ok", "ok", true));
        }
    }
}
