//! Calendars: approved availabilities and, when asked for, accepted missions, in one order.

use crate::support::{Kind, Outcome, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

async fn available(manager: &Persona<'_>, user: &str, from: &str, to: &str) -> String {
    let body = json!({ "user_id": user, "start_at": from, "end_at": to });
    let declared = manager.post("/availabilities", body).await.ok()["id"].as_str().unwrap().to_owned();
    manager.post_empty(&format!("/availabilities/{declared}:approve")).await.ok();
    declared
}

async fn expected(manager: &Persona<'_>, user: &str, title: &str, from: &str, to: &str) -> String {
    let mission = manager.mission(title, from, to).await;
    let body = json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" });
    manager.post("/assignments", body).await.ok()["id"].as_str().unwrap().to_owned()
}

fn ids(answer: &Outcome) -> Vec<String> {
    let entries = answer.ok();
    entries.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn it_shows_what_is_approved_and_accepted(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let path = format!("/users/{user}/calendar");
    assert_eq!(manager.get(&path).await.ok(), json!([]));
    let approved = available(&manager, &user, "2026-07-10T06:00:00Z", "2026-07-10T20:00:00Z").await;
    let rejected = available(&manager, &user, "2026-07-11T06:00:00Z", "2026-07-11T20:00:00Z").await;
    manager.post_empty(&format!("/availabilities/{rejected}:reject")).await.ok();
    let pending =
        json!({ "user_id": user, "start_at": "2026-07-12T06:00:00Z", "end_at": "2026-07-12T20:00:00Z" });
    manager.post("/availabilities", pending).await.ok();
    let project = manager.project("Festival").await;
    let accepted = expected(&manager, &user, "Montage", "08:00", "12:00").await;
    let mission = manager.get(&format!("/assignments/{accepted}")).await.ok()["mission_id"].clone();
    let mission = mission.as_str().unwrap();
    manager
        .patch(
            &format!("/missions/{mission}"),
            json!({ "project_id": project, "location": "Bobino", "roles": [{ "role_name": "son" }] }),
        )
        .await
        .ok();
    let asked = manager.mission("Balances", "13:00", "14:00").await;
    manager.assignment(&asked, &user).await;
    let declined = expected(&manager, &user, "Concert", "15:00", "16:00").await;
    manager.post(&format!("/assignments/{declined}:status"), json!({ "status": "DECLINED" })).await.ok();
    let without_project = expected(&manager, &user, "Démontage", "18:00", "19:00").await;
    let other = manager.user("Miriam Makeba").await;
    available(&manager, &other, "2026-07-10T06:00:00Z", "2026-07-10T20:00:00Z").await;
    expected(&manager, &other, "Montage", "08:00", "12:00").await;

    let period = json!({
        "id": approved, "kind": "availability", "start_at": "2026-07-10T06:00:00Z", "end_at": "2026-07-10T20:00:00Z",
        "status": "APPROVED",
    });
    assert_eq!(manager.get(&path).await.ok(), json!([period]));
    let in_project = json!({
        "id": accepted, "kind": "mission", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        "status": "ACCEPTED", "mission_title": "Montage", "project_title": "Festival",
        "role_name": "son", "location": "Bobino",
    });
    let alone = json!({
        "id": without_project, "kind": "mission", "start_at": "2026-07-10T18:00:00Z", "end_at": "2026-07-10T19:00:00Z",
        "status": "ACCEPTED", "mission_title": "Démontage",
    });
    let all = manager.get(&format!("{path}?include=missions")).await.ok();
    assert_eq!(all, json!([period, in_project, alone]));
    assert_eq!(manager.get(&format!("{path}?include=availabilities")).await.wrong_members(), ["/include"]);
}

#[rstest]
#[tokio::test]
async fn the_window_is_half_open(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let free = available(&manager, &user, "2026-07-10T08:00:00Z", "2026-07-10T12:00:00Z").await;
    let call = expected(&manager, &user, "Montage", "08:00", "12:00").await;
    let path = format!("/users/{user}/calendar?include=missions");
    let mut both = vec![free, call];
    both.sort();
    for (window, shown) in [
        ("", true),
        ("&from=2026-07-10T12:00:00Z", false),
        ("&from=2026-07-10T11:59:59.999999Z", true),
        ("&to=2026-07-10T08:00:00Z", false),
        ("&to=2026-07-10T08:00:00.000001Z", true),
        ("&from=2026-07-10T09:00:00Z&to=2026-07-10T10:00:00Z", true),
        ("&from=2026-07-10T14:00:00%2B02:00", false),
        ("&from=2026-07-01T00:00:00Z&to=2026-07-31T00:00:00Z", true),
    ] {
        let mut found = ids(&manager.get(&format!("{path}{window}")).await);
        found.sort();
        assert_eq!(found, if shown { both.clone() } else { Vec::new() }, "{window}");
    }
    assert_eq!(manager.get(&format!("{path}&from=2026-07-10T09:00:00")).await.wrong_members(), ["/from"]);
}

/// Both kinds mixed, with entries that begin at the same instant: pages of any size give everything once, in order.
#[rstest]
#[tokio::test]
async fn pages_across_both_kinds_give_everything_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    for (from, to) in [("06", "08"), ("08", "10"), ("12", "13"), ("16", "18")] {
        let at = |hour: &str| format!("2026-07-10T{hour}:00:00Z");
        available(&manager, &user, &at(from), &at(to)).await;
    }
    for (from, to) in
        [("07:00", "08:00"), ("08:00", "09:00"), ("12:00", "12:30"), ("16:00", "17:00"), ("20:00", "21:00")]
    {
        expected(&manager, &user, "Montage", from, to).await;
    }
    let base = format!("/users/{user}/calendar?include=missions&from=2026-07-10T00:00:00Z");
    let whole = manager.get(&base).await;
    assert_eq!(whole.next_page(), None);
    let order: Vec<_> = whole
        .ok()
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["start_at"].to_string(), one["id"].to_string()))
        .collect();
    assert_eq!(order.len(), 9);
    assert!(order.is_sorted(), "{order:?}");
    for limit in 1..=10 {
        let (mut found, mut path) = (Vec::new(), Some(format!("{base}&limit={limit}")));
        while let Some(here) = path {
            let page = manager.get(&here).await;
            let entries = ids(&page);
            assert!(!entries.is_empty() && entries.len() <= limit, "{here}");
            found.extend(entries);
            path = page.next_page();
            assert!(path.as_ref().is_none_or(|path| path.contains("include=missions")), "{path:?}");
        }
        assert_eq!(found, ids(&whole), "limit {limit}");
    }
    // Without the missions their places are not counted.
    let first: Json = manager.get(&format!("/users/{user}/calendar?limit=4")).await.ok();
    assert_eq!(first.as_array().unwrap().len(), 4);
}

#[rstest]
#[tokio::test]
async fn a_tech_sees_their_own_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let own = test.tech_user.to_string();
    let mine = available(&manager, &own, "2026-07-10T06:00:00Z", "2026-07-10T20:00:00Z").await;
    let call = expected(&manager, &own, "Montage", "08:00", "12:00").await;
    let seen = tech.get(&format!("/users/{own}/calendar?include=missions")).await;
    assert_eq!(ids(&seen), [mine, call]);
    let colleague = manager.user("Nina Simone").await;
    let unknown = "019f0000-0000-7000-8000-000000000000";
    let foreign = test.other_owner().await.user("Leur Personne").await;
    for user in [colleague.as_str(), unknown, &foreign] {
        tech.get(&format!("/users/{user}/calendar")).await.refused(404, "not_found");
    }
    for user in [unknown, &foreign] {
        manager.get(&format!("/users/{user}/calendar")).await.refused(404, "not_found");
    }
    test.anonymous().get(&format!("/users/{own}/calendar")).await.refused(401, "unauthenticated");
}
