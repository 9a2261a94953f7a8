//! Inviting many people at once.

use super::{NOBODY, id};
use crate::support::{Kind, Outcome, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

async fn bulk(who: &Persona<'_>, items: Json) -> Outcome {
    who.post("/assignments:bulk_create", items).await
}

/// Pointer and code of each mistake.
fn mistakes(problem: &Json) -> Vec<(String, String)> {
    let text = |error: &Json, member: &str| error[member].as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap().iter();
    errors.map(|error| (text(error, "pointer"), text(error, "code"))).collect()
}

#[rstest]
#[tokio::test]
async fn bulk_invites_all_in_the_order_sent(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let users = [manager.user("Nina").await, manager.user("Ella").await];
    let roles = json!([{ "role_name": "son" }, { "role_name": "plateau", "quota": 1 }]);
    let body = json!({ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z", "roles": roles });
    let two_roles = manager.post("/missions", body).await.ok();
    let body =
        json!({ "role": "lumiere", "start_at": "2026-07-10T11:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    let one_role = manager.post("/missions", body).await.ok();
    let before = test.audit_count().await;
    let items = json!([
        { "mission_id": id(&two_roles), "user_id": users[1], "role_name": "PLATEAU" },
        { "mission_id": id(&one_role), "user_id": users[0] },
        { "mission_id": id(&two_roles), "user_id": users[0], "role_name": null },
        { "mission_id": id(&one_role), "user_id": users[1], "role_name": "lumiere" },
    ]);
    let created = bulk(&manager, items.clone()).await.ok();
    assert_eq!((&created["status"], &created["created"]), (&json!("ok"), &json!(4)));
    let wanted_roles =
        [&two_roles["roles"][1]["id"], &one_role["roles"][0]["id"], &Json::Null, &one_role["roles"][0]["id"]];
    let entries = test.audit("assignment.create").await;
    assert_eq!((entries.len(), test.audit_count().await), (4, before + 4));
    for (i, created) in created["ids"].as_array().unwrap().iter().enumerate() {
        let shown = manager.get(&format!("/assignments/{}", created.as_str().unwrap())).await.ok();
        assert_eq!(
            (&shown["mission_id"], &shown["user_id"]),
            (&items[i]["mission_id"], &items[i]["user_id"])
        );
        assert_eq!((&shown["mission_role_id"], &shown["status"]), (wanted_roles[i], &json!("INVITED")));
        assert!(entries.iter().any(|entry| entry.after == shown && entry.before == Json::Null));
    }
    let single =
        json!([{ "mission_id": manager.mission("Concert", "20:00", "22:00").await, "user_id": users[0] }]);
    assert_eq!(bulk(&manager, single).await.ok()["created"], 1);
}

#[rstest]
#[tokio::test]
async fn bulk_names_what_is_in_the_way_of_each_and_invites_nobody(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, other) = (test.manager().await, test.other_owner().await);
    let (mission, called_off) = (
        manager.mission("Montage", "08:00", "12:00").await,
        manager.mission("Balance", "08:00", "12:00").await,
    );
    manager.post_empty(&format!("/missions/{called_off}:cancel")).await.ok();
    let (nina, ella, gone) =
        (manager.user("Nina").await, manager.user("Ella").await, manager.user("Billie").await);
    manager.patch(&format!("/users/{gone}"), json!({ "active": false })).await.ok();
    manager.assignment(&mission, &nina).await;
    let declined = manager.user("Abbey").await;
    let no = manager.assignment(&mission, &declined).await;
    manager.post(&format!("/assignments/{no}:status"), json!({ "status": "DECLINED" })).await.ok();
    let (stranger, elsewhere) =
        (other.user("Sarah").await, other.mission("Ailleurs", "08:00", "12:00").await);
    let before = (test.audit_count().await, test.count("SELECT count(*) AS n FROM assignments").await);
    let pair = |mission: &str, user: &str| json!({ "mission_id": mission, "user_id": user });
    let items = [
        (pair(&mission, &ella), None),
        (pair(NOBODY, &ella), Some(("/mission_id", "unknown_reference"))),
        (pair(&mission, NOBODY), Some(("/user_id", "unknown_reference"))),
        (
            json!({ "mission_id": mission, "user_id": declined, "role_name": "son" }),
            Some(("/role_name", "unknown_reference")),
        ),
        (pair(&mission, &nina), Some(("", "already_assigned"))),
        (pair(&mission, &ella), Some(("", "already_assigned"))),
        (pair(&called_off, &ella), Some(("", "mission_cancelled"))),
        (pair(&mission, &gone), Some(("", "user_inactive"))),
        (pair(&elsewhere, &ella), Some(("/mission_id", "unknown_reference"))),
        (pair(&mission, &stranger), Some(("/user_id", "unknown_reference"))),
        (pair(&mission, &declined), None),
    ];
    let bodies: Vec<_> = items.iter().map(|(body, _)| body.clone()).collect();
    let refused = bulk(&manager, json!(bodies)).await.refused(404, "unknown_reference");
    let wanted = items.iter().enumerate().filter_map(|(i, (_, mistake))| {
        mistake.map(|(member, code)| (format!("/{i}{member}"), code.to_owned()))
    });
    assert_eq!(mistakes(&refused), wanted.collect::<Vec<_>>());
    // Each by itself among good ones: the code that the item alone would get.
    for (body, mistake) in &items {
        let Some((member, code)) = mistake else { continue };
        if body == &items[0].0 {
            continue;
        }
        let status = if *code == "unknown_reference" { 404 } else { 409 };
        let refused = bulk(&manager, json!([items[0].0, body, items[10].0])).await.refused(status, code);
        assert_eq!(mistakes(&refused), [(format!("/1{member}"), (*code).to_owned())]);
        manager.post("/assignments", body.clone()).await.refused(status, code);
    }
    let after = (test.audit_count().await, test.count("SELECT count(*) AS n FROM assignments").await);
    assert_eq!(after, before);
    test.tech().await.post("/assignments:bulk_create", json!([items[0].0])).await.refused(403, "forbidden");
    assert_eq!(bulk(&manager, json!([items[0].0, items[10].0])).await.ok()["created"], 2);
}

#[rstest]
#[tokio::test]
async fn bulk_takes_1_to_1000_well_formed_items(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Été").await;
    let body: Vec<_> = (0..1000)
        .map(|i| json!({ "title": format!("{i}"), "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" }))
        .collect();
    let missions = manager.post(&format!("/projects/{project}/missions:bulk_create"), json!(body)).await.ok();
    let user = manager.user("Nina").await;
    let items: Vec<_> = missions["ids"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mission| json!({ "mission_id": mission, "user_id": user }))
        .collect();
    let before = test.audit_count().await;
    let many = [items.as_slice(), &items[..1]].concat();
    for (body, wrong) in [
        (json!([]), vec![""]),
        (json!({}), vec![""]),
        (json!(many), vec![""]),
        (json!([{}, 7]), vec!["/0/mission_id", "/0/user_id", "/1"]),
        (
            json!([items[0], { "mission_id": "1", "user_id": user, "state": "ACCEPTED" }]),
            vec!["/1/mission_id", "/1/state"],
        ),
    ] {
        let mut found = bulk(&manager, body.clone()).await.wrong_members();
        found.sort();
        assert_eq!(found, wrong);
    }
    let large = json!([{ "mission_id": "x".repeat(2 * 1024 * 1024), "user_id": user }]);
    bulk(&manager, large).await.refused(413, "too_large");
    assert_eq!(test.audit_count().await, before);
    assert_eq!(test.count("SELECT count(*) AS n FROM assignments").await, 0);
    let mut last_is_bad = items.clone();
    last_is_bad[999] = json!({ "mission_id": NOBODY, "user_id": user });
    let refused = bulk(&manager, json!(last_is_bad)).await.refused(404, "unknown_reference");
    assert_eq!(mistakes(&refused), [("/999/mission_id".to_owned(), "unknown_reference".to_owned())]);
    assert_eq!(test.count("SELECT count(*) AS n FROM assignments").await, 0);
    let created = bulk(&manager, json!(items)).await.ok();
    assert_eq!((&created["created"], created["ids"].as_array().unwrap().len()), (&json!(1000), 1000));
    assert_eq!(test.count("SELECT count(*) AS n FROM assignments WHERE status = 'INVITED'").await, 1000);
    assert_eq!(test.audit_count().await, before + 1000);
}

#[rstest]
#[tokio::test]
async fn bulk_accepts_whoever_said_yes_and_names_each_whom_nothing_allows(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (nina, ella, abbey) =
        (manager.user("Nina").await, manager.user("Ella").await, manager.user("Abbey").await);
    let mission = async |title: &str, hours: (&str, &str), quota: i64| {
        let roles = json!([{ "role_name": "son", "quota": quota }]);
        let body = json!({ "title": title, "start_at": format!("2026-07-10T{}:00Z", hours.0), "end_at": format!("2026-07-10T{}:00Z", hours.1), "roles": roles });
        id(&manager.post("/missions", body).await.ok()).to_owned()
    };
    let (early, late, apart) = (
        mission("Montage", ("08:00", "12:00"), 2).await,
        mission("Balance", ("11:00", "13:00"), 2).await,
        mission("Concert", ("13:00", "15:00"), 1).await,
    );
    let item = |mission: &str, user: &str, status: &str| json!({ "mission_id": mission, "user_id": user, "status": status });
    let overriding = |mission: &str, user: &str, status: &str| {
        let mut item = item(mission, user, status);
        item["override_reason"] = json!("elle court");
        item
    };
    let before = (test.audit_count().await, test.count("SELECT count(*) AS n FROM assignments").await);
    for (items, status, code, at) in [
        // Of two that overlap one is refused, in whichever order they are sent.
        (
            json!([item(&early, &nina, "ACCEPTED"), item(&late, &nina, "ACCEPTED")]),
            400,
            "schedule_conflict",
            "/1",
        ),
        (
            json!([item(&late, &nina, "ACCEPTED"), item(&early, &nina, "ACCEPTED")]),
            400,
            "schedule_conflict",
            "/1",
        ),
        (
            json!([item(&apart, &ella, "ACCEPTED"), item(&apart, &nina, "ACCEPTED")]),
            409,
            "quota_reached",
            "/1",
        ),
        (json!([item(&early, &nina, "DECLINED")]), 400, "validation_failed", "/0/status"),
        (json!([overriding(&early, &nina, "INVITED")]), 400, "validation_failed", "/0/override_reason"),
    ] {
        let refused = bulk(&manager, items).await.refused(status, code);
        assert_eq!(mistakes(&refused).iter().map(|(pointer, _)| pointer).collect::<Vec<_>>(), [at]);
        if code == "schedule_conflict" {
            assert_eq!(refused["conflicts"][0]["user_id"], json!(nina));
        }
    }
    let after = (test.audit_count().await, test.count("SELECT count(*) AS n FROM assignments").await);
    assert_eq!(after, before);
    // INVITED items conflict with nobody, and fill no place; an override covers what it must, and is kept only there.
    let items = json!([
        item(&early, &nina, "ACCEPTED"),
        overriding(&late, &nina, "ACCEPTED"),
        item(&late, &ella, "INVITED"),
        overriding(&apart, &ella, "ACCEPTED"),
        item(&apart, &abbey, "INVITED"),
        { "mission_id": early, "user_id": abbey, "note": "avec le camion" },
    ]);
    let made = bulk(&manager, items).await.ok();
    let mut shown = Vec::new();
    for id in made["ids"].as_array().unwrap() {
        let row = manager.get(&format!("/assignments/{}", id.as_str().unwrap())).await.ok();
        shown.push((row["status"].clone(), row["conflict_override"].clone(), row["note"].clone()));
    }
    let row = |status: &str, reason: Json| (json!(status), reason, Json::Null);
    assert_eq!(
        shown,
        [
            row("ACCEPTED", Json::Null),
            row("ACCEPTED", json!("elle court")),
            row("INVITED", Json::Null),
            row("ACCEPTED", Json::Null),
            row("INVITED", Json::Null),
            (json!("INVITED"), Json::Null, json!("avec le camion")),
        ]
    );
    assert_eq!(test.audit("assignment.create").await.len(), 6);
    let overridden = test.audit("assignment.override").await;
    assert_eq!(overridden.len(), 1);
    assert_eq!(overridden[0].after["conflicts"][0]["mission_id"], json!(early));
    // Whoever is on a mission already is in the way, too; a full role as well.
    let items = json!([item(&apart, &nina, "ACCEPTED"), item(&early, &ella, "ACCEPTED")]);
    let refused = bulk(&manager, items).await.refused(409, "quota_reached");
    assert_eq!(mistakes(&refused), [("/0".to_owned(), "quota_reached".to_owned())]);
    assert_eq!(test.audit_count().await, before.0 + 7);
}
