//! Cached lists: what is kept, for whom and how long, and that nobody ever sees a state before an acknowledged write.

mod faults;
mod forms;

use crate::support::{Kind, Outcome, Persona, Test, together};
use coulisses::{
    cache::{Found, Key, Lists},
    db::List,
    error::Error,
    http::{Limit, Listing, Page},
};
use rstest::rstest;
use serde_json::{Value as Json, json};
use tokio::sync::oneshot;

/// A Redis of the test run, to which nobody else sends what this test does.
pub fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL is not set: run `cargo xtask test`")
}

/// Reads what is there.
pub async fn read(persona: &Persona<'_>, path: &str) -> Outcome {
    let outcome = persona.get(path).await;
    outcome.ok();
    outcome
}

/// What `X-Cache` says.
pub fn found(outcome: &Outcome) -> &str {
    outcome.header("x-cache")
}

/// A project by this name, and a mission in it; their ids.
async fn planned(planner: &Persona<'_>, name: &str) -> (String, String) {
    let project =
        planner.post("/projects", json!({ "name": name })).await.ok()["id"].to_string().replace('"', "");
    let mission = json!({ "project_id": project, "title": name, "roles": [{ "role_name": "son", "quota": 2 }],
        "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    let mission = planner.post("/missions", mission).await.ok()["id"].to_string().replace('"', "");
    (project, mission)
}

#[rstest]
#[tokio::test]
async fn a_list_is_a_hit_until_something_that_it_shows_changes(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (planner, tech) = (test.manager().await, test.tech().await);
    let (project, mission) = planned(&planner, "Cyrano").await;
    for list in ["/projects", "/missions"] {
        let first = read(&tech, list).await;
        let second = read(&planner, list).await;
        assert_eq!(
            (found(&first), found(&second)),
            ("MISS", "HIT"),
            "{list}: the same for everyone in the org"
        );
        assert_eq!(first.text, second.text);
        assert_eq!(found(&read(&tech, &format!("{list}?q=cyr")).await), "MISS", "another query");
        // Nothing that these show.
        planner.post("/users", json!({ "name": format!("Ana {}", list.len()) })).await.ok();
        test.other_owner().await.post("/projects", json!({ "name": list })).await.ok();
        planner.get(&format!("{list}?limit=0")).await.refused(400, "validation_failed");
        assert_eq!(found(&read(&tech, list).await), "HIT", "{list}");
    }
    let user = test.tech_user.to_string();
    let person = json!({ "mission_id": mission, "user_id": user });
    let assignment = planner.post("/assignments", person).await.ok()["id"].to_string().replace('"', "");
    let path = format!("/assignments/{assignment}");
    read(&planner, "/missions").await;
    let mission = format!("/missions/{mission}");
    let patch = |body: Json| planner.patch(&mission, body);
    let mut seen = vec![read(&planner, "/missions").await.text];
    for write in 0..5 {
        match write {
            0 => tech.post_empty(&format!("{path}/accept")).await.ok(),
            1 => planner.post(&format!("{path}:status"), json!({ "status": "DECLINED" })).await.ok(),
            2 => patch(json!({ "roles": [{ "role_name": "son", "quota": 3 }] })).await.ok(),
            3 => patch(json!({ "note": "bring a torch" })).await.ok(),
            _ => planner.post_empty(&format!("{mission}:cancel")).await.ok(),
        };
        let after = read(&tech, "/missions").await;
        assert_eq!(found(&after), "MISS", "write {write}");
        assert!(!seen.contains(&after.text), "write {write}");
        seen.push(after.text);
        assert_eq!(found(&read(&tech, "/projects").await), "HIT", "write {write} is none of a project's");
    }
    planner.patch(&format!("/projects/{project}"), json!({ "note": "new" })).await.ok();
    assert_eq!(found(&read(&tech, "/projects").await), "MISS");
    assert_eq!(found(&read(&tech, "/missions").await), "HIT", "a project's is none of a mission's");
    // What changes nothing, or is refused, leaves everything as it is.
    planner.patch(&format!("/projects/{project}"), json!({ "note": "new" })).await.ok();
    planner.post("/projects", json!({ "name": "cyrano" })).await.refused(409, "duplicate");
    assert_eq!(found(&read(&tech, "/projects").await), "HIT");
}

#[rstest]
#[tokio::test]
async fn a_list_is_kept_for_its_time_to_live(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("CACHE_TTL_SECONDS", "10")]).await;
    let planner = test.manager().await;
    for expected in ["MISS", "HIT"] {
        assert_eq!(found(&read(&planner, "/projects").await), expected);
    }
    test.pass_seconds(9);
    assert_eq!(found(&read(&planner, "/projects").await), "HIT");
    test.pass_seconds(1);
    for expected in ["MISS", "HIT"] {
        assert_eq!(found(&read(&planner, "/projects").await), expected);
    }
}

#[rstest]
#[tokio::test]
async fn orgs_never_share_a_list(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (ours, theirs) = (test.owner().await, test.other_owner().await);
    // Neither org wrote anything yet, so the versions of both are the same.
    assert_eq!(found(&read(&ours, "/projects").await), "MISS");
    assert_eq!(found(&read(&theirs, "/projects").await), "MISS");
    ours.post("/projects", json!({ "name": "Ours" })).await.ok();
    assert!(read(&ours, "/projects").await.text.contains("Ours"));
    assert_eq!(read(&theirs, "/projects").await.text, "[]");
}

#[rstest]
#[tokio::test]
async fn many_who_ask_at_once_are_answered_by_one_query(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    planned(&planner, "Cyrano").await;
    test.open_all_connections().await;
    let before = test.app.db.statements();
    let answers = together((0..50).map(|_| planner.get("/missions"))).await;
    let missed = answers.iter().filter(|answer| found(answer) == "MISS").count();
    assert_eq!(missed, 1);
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    // Who the callers are is asked for several at once, for the missions once.
    let statements = test.app.db.statements() - before;
    assert!((2..=10).contains(&statements), "{statements}");
}

/// The answer of a list with these items.
async fn listing<T: Clone + serde::Serialize>(items: &[T]) -> Result<Listing, Error> {
    let rows: Vec<_> = items.iter().cloned().map(|item| ((), item)).collect();
    let page = Page::fill(Limit::default(), None, |_, _| async { Ok(rows.clone()) }).await?;
    Listing::of(page, None, &"/".parse().expect("a URI"))
}

#[tokio::test]
async fn what_a_slow_reader_keeps_late_is_not_found_after_the_write() {
    let test = Test::start(Kind::Sqlite).await;
    let lists: &Lists = &test.app.lists;
    let key = |version| Key { org: test.org, list: List::Missions, version, query: String::new() };
    let (go_on, told) = oneshot::channel::<()>();
    let slow = lists.find(key(1), async || {
        told.await.expect("told to go on");
        listing(&[1]).await
    });
    let quick = async {
        // The write came meanwhile, and with it another version.
        let (_, found) = lists.find(key(2), async || listing(&[1, 2]).await).await.expect("the new state");
        assert_eq!(found, Found::Miss);
        go_on.send(()).expect("the slow reader still waits");
    };
    let (slow, ()) = tokio::join!(slow, quick);
    assert_eq!(slow.expect("the old state").1, Found::Miss);
    let (after, found) = lists.find(key(2), async || listing::<i32>(&[]).await).await.expect("the new state");
    assert_eq!(
        (found, after.to_stored()),
        (Found::Hit, listing(&[1, 2]).await.expect("a listing").to_stored())
    );
}

#[tokio::test]
async fn a_failed_query_is_not_kept() {
    let test = Test::start(Kind::Sqlite).await;
    let planner = test.manager().await;
    read(&planner, "/projects").await;
    test.execute("ALTER TABLE missions RENAME TO elsewhere").await;
    planner.get("/missions").await.refused(500, "internal");
    test.execute("ALTER TABLE elsewhere RENAME TO missions").await;
    assert_eq!(found(&read(&planner, "/missions").await), "MISS");
}

/// A thousand missions are about half a million bytes, with long notes four times that.
#[tokio::test]
async fn a_long_list_is_kept_also_where_many_others_are() {
    let test = Test::start(Kind::Sqlite).await;
    let rows = ["x".repeat(2_000_000)];
    for version in 0..100 {
        let find = async || {
            let key = Key { org: test.org, list: List::Missions, version, query: String::new() };
            test.app.lists.find(key, async || listing(&rows).await).await.expect("a list").1
        };
        assert_eq!((find().await, find().await), (Found::Miss, Found::Hit), "the {version}th");
    }
}
