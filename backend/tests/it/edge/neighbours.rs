//! What keeps a core or a connection busy waits for its turn, and others do not wait for it. The tests' runtime has one
//! thread: what kept it busy would keep everything.

use crate::support::{Kind, Persona, Test};
use axum::http::Uri;
use coulisses::app::start;
use coulisses::error::Error;
use coulisses::http::{Page, Reading, RequestInfo};
use coulisses::random::Random;
use coulisses::workers::Workers;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::{sync::mpsc, time::Duration};
use tokio::task::JoinHandle;
use tower::ServiceExt;

/// Keeps all threads of some workers busy until it is dropped.
struct Busy(Vec<mpsc::Sender<()>>, Vec<JoinHandle<()>>);

impl Busy {
    async fn all(test: &Test) -> Self {
        Self::of(&test.app.workers).await
    }

    async fn of(workers: &Workers) -> Self {
        let mut busy = Self(Vec::new(), Vec::new());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..(cores / 2).max(1) {
            let (end, ended) = mpsc::channel();
            let (begun, begins) = tokio::sync::oneshot::channel();
            let workers = workers.clone();
            busy.0.push(end);
            busy.1.push(tokio::spawn(async move {
                let work = async move {
                    begun.send(()).expect("the test waits");
                    ended.recv().expect_err("the sender is dropped");
                };
                workers.run(None, work).await.expect("the work is done");
            }));
            begins.await.expect("it begins");
        }
        busy
    }

    /// Whether this waits for a worker: it is not there when much else has happened.
    async fn holds_up<T>(self, waits: impl Future<Output = T>, others: impl Future<Output = ()>) -> T {
        let mut waits = std::pin::pin!(waits);
        tokio::select! {
            biased;
            _ = &mut waits => panic!("it is there although all workers are busy"),
            () = others => {}
        }
        let Self(ends, works) = self;
        drop(ends);
        for work in works {
            work.await.expect("the work ends");
        }
        waits.await
    }
}

fn missions(number: usize) -> Json {
    let item = |n| {
        json!({
            "role": "son", "title": format!("Représentation {n}"), "note": "x".repeat(200),
            "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        })
    };
    (0..number).map(item).collect()
}

/// Others ask for all sorts of things.
async fn others_are_served(other: &Persona<'_>) {
    for _ in 0..5 {
        other.get("/missions").await.ok();
        other.get("/auth/me").await.ok();
        other.post("/projects", json!({ "name": "Ailleurs" })).await;
        other.get("/healthz").await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn large_answers_and_bodies_are_the_workers_business(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let path = format!("/projects/{}/missions:bulk_create", manager.project("Festival").await);
    let large = missions(250);
    assert!(large.to_string().len() > 64 * 1024);

    let (busy, all) = (Busy::all(&test).await, test.app.requests.free());
    let others = async {
        others_are_served(&other).await;
        assert_eq!(test.app.requests.free(), all, "nor does it keep its own org from asking");
    };
    let created = busy.holds_up(manager.post(&path, large), others).await;
    assert_eq!(created.ok()["created"], 250);

    // Compressed, of few rows.
    let busy = Busy::all(&test).await;
    let compressed = encoding_of(&test, &manager, "/api/v1/missions?limit=100");
    assert_eq!(busy.holds_up(compressed, others_are_served(&other)).await, "br");
}

/// How the answer is encoded for those who want it so.
async fn encoding_of(test: &Test, who: &Persona<'_>, uri: &str) -> String {
    let request = axum::http::Request::get(uri)
        .header("authorization", format!("Bearer {}", who.token()))
        .header("accept-encoding", "br")
        .body(axum::body::Body::empty())
        .expect("a request");
    let response = test.router.clone().oneshot(request).await.expect("the router never fails");
    assert_eq!(response.status(), 200);
    let encoding = response.headers().get("content-encoding").expect("an encoding");
    encoding.to_str().expect("a text").to_owned()
}

/// Of PostgreSQL's ten connections lists have five, of which an org that is alone has four; SQLite reads as many as there are
/// cores, half of them for one org.
#[rstest]
#[tokio::test]
async fn an_org_that_reads_many_lists_leaves_a_turn_to_others(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("DB_ACQUIRE_TIMEOUT_MS", "500")]).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let mut turns = Vec::new();
    while let Ok(turn) = test.app.reads.take(Some(test.org), 1, Duration::ZERO).await {
        turns.push(turn);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let half = (cores / 2).clamp(1, 5);
    let lists = if db == Kind::Sqlite { (2 * half).min(5) } else { 5 };
    let of_one = if db == Kind::Sqlite { half.min(lists) } else { 4 };
    assert_eq!((turns.len(), test.app.reads.free()), (of_one, lists - of_one));
    for list in ["/missions", "/assignments", "/users", "/conflicts", "/audit?limit=1"] {
        let refused = test.owner().await.get(list).await;
        refused.refused(503, "unavailable");
        assert_eq!(refused.header("retry-after"), "1");
        other.get(list).await.ok();
    }
    manager.get("/auth/me").await.ok();
    drop(turns);
    manager.get("/missions").await.ok();
    assert_eq!(test.app.reads.free(), lists);
}

/// While others ask, too, an org has half as many requests under way as there are cores.
#[rstest]
#[tokio::test]
async fn an_org_that_asks_without_a_pause_leaves_turns_to_others(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("DB_ACQUIRE_TIMEOUT_MS", "500")]).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let (all, me) = (test.app.requests.free(), "/auth/me");
    manager.get(me).await.ok();
    other.get(me).await.ok();
    let mut turns = Vec::new();
    while let Ok(turn) = test.app.requests.take(Some(test.org), 1, Duration::ZERO).await {
        turns.push(turn);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let of_one = (cores / 2).max(1);
    assert_eq!((turns.len(), test.app.requests.free()), (of_one, all - of_one));
    // Somebody else is there all the time, however slow this machine is.
    let there = test.app.requests.take(Some(test.other_org), 1, Duration::ZERO).await.expect("a turn");
    let refused = manager.get(me).await;
    refused.refused(503, "unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    manager.get("/missions").await.refused(503, "unavailable");
    manager.post("/missions", json!({})).await.refused(503, "unavailable");
    // Who may not ask is told so, and waits for nobody's turn.
    test.anonymous().with_token("no token").get(me).await.refused(401, "unauthenticated");
    drop(there);
    others_are_served(&other).await;
    drop(turns);
    manager.get(me).await.ok();
    assert_eq!(test.app.requests.free(), all, "each is given back");
}

/// Who waits in another queue would keep those of their org waiting who want nothing there.
#[rstest]
#[tokio::test]
async fn a_list_that_waits_for_lists_or_workers_has_no_turn_of_its_org(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let path = format!("/projects/{}/missions:bulk_create", manager.project("Festival").await);
    manager.post(&path, missions(250)).await.ok();
    let all = test.app.requests.free();
    let turns_are_free = async {
        others_are_served(&other).await;
        assert_eq!(test.app.requests.free(), all);
    };

    let mut turns = Vec::new();
    while let Ok(turn) = test.app.reads.take(Some(test.org), 1, Duration::ZERO).await {
        turns.push(turn);
    }
    // The second one waits for the first to make it.
    let mut lists = Box::pin(crate::support::together((0..2).map(|_| manager.get("/missions"))));
    tokio::select! {
        biased;
        _ = &mut lists => panic!("it has a turn of lists"),
        () = turns_are_free => {}
    }
    drop(turns);
    lists.await.iter().for_each(|list| drop(list.ok()));

    // It is kept, but not yet in this form.
    let busy = Busy::all(&test).await;
    let turns_are_free = async {
        others_are_served(&other).await;
        assert_eq!(test.app.requests.free(), all);
    };
    assert_eq!(busy.holds_up(encoding_of(&test, &manager, "/api/v1/missions"), turns_are_free).await, "br");
}

/// A client that does not read its answer keeps it in memory.
#[rstest]
#[case::kept_ones("/missions")]
#[case::others("/users")]
#[tokio::test]
async fn a_list_takes_room_until_it_is_sent_and_one_org_has_a_quarter(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[case] list: &str,
) {
    let test = Test::start_with(db, &[("DB_ACQUIRE_TIMEOUT_MS", "500")]).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    manager.mission("Montage", "08:00", "12:00").await;
    let room = test.app.answers.free();
    let ask = async |encoding: &str, number: usize| {
        // Each is another list, so that none is kept from before.
        let request = axum::http::Request::get(format!("/api/v1{list}?limit={}", 100 + number))
            .header("authorization", format!("Bearer {}", manager.token()))
            .header("accept-encoding", encoding)
            .body(axum::body::Body::empty())
            .expect("a request");
        test.router.clone().oneshot(request).await.expect("the router never fails")
    };
    let mut unsent = Vec::new();
    for (number, encoding) in ["identity", "br"].into_iter().enumerate() {
        let before = test.app.answers.free();
        let answer = ask(encoding, number).await;
        assert_eq!(answer.status(), 200);
        let taken = before - test.app.answers.free();
        let (_, body) = answer.into_parts();
        unsent.push(axum::body::to_bytes(body, usize::MAX).await.expect("its bytes"));
        assert_eq!(taken, unsent[number].len(), "what is sent in {encoding}");
        assert_eq!(before - test.app.answers.free(), taken, "it is not sent yet");
    }
    drop(unsent);
    assert_eq!(test.app.answers.free(), room);

    let all = test.app.answers.take(Some(test.org), room, Duration::ZERO).await.expect("room");
    assert_eq!(test.app.answers.free(), room - room / 4);
    manager.get(&format!("{list}?limit=7")).await.refused(503, "unavailable");
    other.get(list).await.ok();
    drop(all);
    manager.get(&format!("{list}?limit=7")).await.ok();
    assert_eq!(test.app.answers.free(), room);
}

#[rstest]
#[tokio::test]
async fn short_pages_never_wait_for_long_ones(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("DB_ACQUIRE_TIMEOUT_MS", "500")]).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let path = format!("/projects/{}/missions:bulk_create", manager.project("Festival").await);
    manager.post(&path, missions(250)).await.ok();
    let collectors = &test.app.collectors;
    let all = collectors.free();

    // Their rows are collected on threads that serve nobody.
    let busy = Busy::of(collectors).await;
    let others = async {
        others_are_served(&other).await;
        manager.get("/missions?limit=200").await.ok();
    };
    let long = busy.holds_up(manager.get("/missions?limit=1000"), others).await;
    assert_eq!(long.ok().as_array().map(Vec::len), Some(250));

    let mut turns = Vec::new();
    while let Ok(turn) = collectors.turn(Some(test.org)).await {
        turns.push(turn);
    }
    manager.get("/missions?limit=999").await.refused(503, "unavailable");
    for list in ["/missions?limit=199", "/users", "/conflicts"] {
        manager.get(list).await.ok();
    }
    drop(turns);
    manager.get("/missions?limit=999").await.ok();
    assert_eq!(collectors.free(), all);
}

/// Nobody may have more of them under way by hanging up: each counts until its rows are collected.
#[rstest]
#[tokio::test]
async fn a_long_page_keeps_its_turn_when_its_client_hangs_up(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let collectors = &test.app.collectors;
    let all = collectors.free();
    let busy = Busy::of(collectors).await;
    let before = collectors.free();
    {
        let mut asks = std::pin::pin!(manager.get("/users?limit=1000"));
        let begun = others_are_served(&other);
        tokio::select! {
            biased;
            _ = &mut asks => panic!("its rows are collected by threads that are busy"),
            () = begun => {}
        }
    }
    assert_eq!(collectors.free(), before - 1);
    drop(busy);
    while collectors.free() < all {
        tokio::task::yield_now().await;
    }
}

/// The database's own patience is shorter, unless it does not answer at all.
#[rstest]
#[tokio::test]
async fn a_long_page_of_a_database_that_never_answers_gives_its_turn_back(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let mut config = (*test.app.config).clone();
    config.request_timeout = Duration::from_millis(1);
    let app = start(config, test.clock.clone(), Random::seeded(8)).await.expect("an instance");
    let (turns, room) = (app.collectors.free(), app.answers.free());
    let (request, uri) = (RequestInfo::default(), Uri::from_static("/api/v1/missions?limit=1000"));
    let never = |_| std::future::pending::<Result<Page<()>, Error>>();
    let refused = app.listed(&request, &uri, Reading::Long, never).await;
    assert_eq!(refused.expect_err("nothing was read").status_and_code().1, "timed_out");
    assert_eq!((app.collectors.free(), app.answers.free()), (turns, room));
}
