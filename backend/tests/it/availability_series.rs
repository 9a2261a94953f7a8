//! Availabilities that repeat: made and deleted as one series.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// Four Mondays over the end of summer time, in Paris.
fn mondays(user: &str) -> Json {
    json!({
        "user_id": user, "kind": "unavailable", "note": "cours", "start_at": "2026-10-12T08:00:00+02:00",
        "end_at": "2026-10-12T12:00:00+02:00", "repeat": { "days": ["mon"], "until": "2026-11-02T23:00:00Z" },
    })
}

fn path_of(availability: &Json) -> String {
    format!("/availabilities/{}", availability["id"].as_str().expect("an id"))
}

async fn all(who: &Persona<'_>) -> Vec<Json> {
    who.get("/availabilities").await.ok().as_array().expect("availabilities").clone()
}

#[rstest]
#[tokio::test]
async fn a_series_is_made_as_one(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, tech) = (test.owner().await, test.tech().await);
    owner.patch("/orgs/current", json!({ "timezone": "Europe/Paris" })).await.ok();
    let plan = "/planning?from=2026-10-01T00:00:00Z&to=2026-12-01T00:00:00Z";
    let version = owner.get(plan).await.ok()["version"].clone();
    let answer = tech.post("/availabilities", mondays(&test.tech_user.to_string())).await;
    let made = answer.ok();
    let all = all(&tech).await;
    let starts: Vec<_> = all.iter().map(|one| one["start_at"].as_str().expect("an instant")).collect();
    let utc =
        ["2026-10-12T06:00:00Z", "2026-10-19T06:00:00Z", "2026-10-26T07:00:00Z", "2026-11-02T07:00:00Z"];
    assert_eq!(starts, utc);
    let ids: Vec<_> = all.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(made["ids"], json!(ids));
    let mut first = made.clone();
    first.as_object_mut().expect("an object").remove("ids");
    assert_eq!(first, all[0]);
    assert_eq!(answer.header("etag"), tech.get(&path_of(&first)).await.header("etag"));
    for one in &all {
        assert_eq!(one["series_id"], first["series_id"]);
        assert!(one["series_id"].is_string());
        assert_eq!((&one["kind"], &one["status"]), (&json!("unavailable"), &json!("PENDING")));
        assert_eq!(one["note"], "cours");
    }
    let entries = test.audit("availability.create").await;
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| all.contains(&entry.after)));
    let shown = owner.get(plan).await.ok();
    assert_ne!(shown["version"], version);
    assert_eq!(shown["availabilities"], json!(all));
    // Another one is another series, and one alone is none.
    let other = owner.post("/availabilities", mondays(&owner.user("Nina Simone").await)).await.ok();
    assert_ne!(other["series_id"], first["series_id"]);
    // One of them changes alone, and stays in its series.
    let changed =
        tech.patch(&path_of(&all[1]), json!({ "note": "x", "series_id": first["series_id"] })).await.ok();
    assert_eq!(changed["series_id"], first["series_id"]);
    let refused = tech.patch(&path_of(&all[1]), json!({ "series_id": null })).await;
    assert_eq!(refused.wrong_members(), ["/series_id"]);
    assert_eq!(tech.get(&path_of(&all[2])).await.ok(), all[2]);
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_with_a_series_is_named(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    for (repeat, wrong) in [
        (json!({ "days": [], "until": "2026-11-02T23:00:00Z" }), "/repeat/days"),
        (json!({ "days": ["tue"], "until": "2026-11-02T23:00:00Z" }), "/repeat/days"),
        (json!({ "days": ["monday"], "until": "2026-11-02T23:00:00Z" }), "/repeat/days/0"),
        (json!({ "days": ["mon"], "until": "2026-10-11T23:00:00Z" }), "/repeat/until"),
        (json!({ "days": ["mon"], "until": "2026-11-02" }), "/repeat/until"),
        (json!({ "days": ["mon"], "until": "2036-11-02T00:00:00Z" }), "/repeat/until"),
        (json!({ "days": ["mon"] }), "/repeat/until"),
        (json!({ "days": ["mon"], "until": "2026-11-02T23:00:00Z", "count": 3 }), "/repeat/count"),
    ] {
        let mut body = mondays(&user);
        body["repeat"] = repeat;
        assert_eq!(manager.post("/availabilities", body.clone()).await.wrong_members(), [wrong], "{body}");
    }
    let mut long = mondays(&user);
    long["end_at"] = json!("2026-10-20T08:00:00+02:00");
    assert_eq!(manager.post("/availabilities", long).await.wrong_members(), ["/repeat/days"]);
    assert_eq!(all(&manager).await, Vec::<Json>::new());
    // Two years of weeks.
    let mut most = mondays(&user);
    most["repeat"]["until"] = json!("2028-10-02T12:00:00Z");
    assert_eq!(manager.post("/availabilities", most).await.ok()["ids"].as_array().map(Vec::len), Some(104));
}

/// One that could not be approved: whichever it is, nothing is made.
#[rstest]
#[tokio::test]
async fn a_series_over_an_approved_one_is_refused_as_a_whole(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let declare = async |kind: &str, status: &str| {
        let body = json!({
            "user_id": user, "kind": kind, "start_at": "2026-10-26T10:00:00Z", "end_at": "2026-10-26T11:00:00Z",
        });
        let made = manager.post("/availabilities", body).await.ok();
        match status {
            "" => made,
            verb => manager.post_empty(&format!("{}:{verb}", path_of(&made))).await.ok(),
        }
    };
    declare("unavailable", "").await;
    declare("unavailable", "reject").await;
    declare("available", "approve").await;
    manager.post("/availabilities", mondays(&user)).await.ok();
    let approved = declare("unavailable", "approve").await;
    let before = (all(&manager).await, test.audit_count().await);
    let refused = manager.post("/availabilities", mondays(&user)).await.refused(409, "availability_overlap");
    let named = json!([{
        "user_id": user, "availability_id": approved["id"], "start_at": approved["start_at"], "end_at": approved["end_at"],
    }]);
    assert_eq!((&refused["conflicts"], &refused["conflicts_total"]), (&named, &json!(1)));
    assert_eq!((all(&manager).await, test.audit_count().await), before);
    // Somebody else's are not in the way.
    manager.post("/availabilities", mondays(&manager.user("Miriam Makeba").await)).await.ok();
}

#[rstest]
#[tokio::test]
async fn the_later_ones_go_with_one(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let user = test.tech_user.to_string();
    tech.post("/availabilities", mondays(&user)).await.ok();
    let series = all(&tech).await;
    let other = tech.post("/availabilities", mondays(&user)).await.ok()["series_id"].clone();
    let colleague = manager.user("Nina Simone").await;
    let hers = manager.post("/availabilities", mondays(&colleague)).await.ok();
    manager.post_empty(&format!("{}:approve", path_of(&series[3]))).await.ok();
    // One that was moved before the others stays where it is.
    let moved = json!({ "start_at": "2026-10-13T08:00:00Z", "end_at": "2026-10-13T09:00:00Z" });
    tech.patch(&path_of(&series[2]), moved).await.ok();
    let stale = tech.clone().with_header("if-match", "\"other\"");
    let following = |one: &Json| format!("{}?series=following", path_of(one));
    stale.delete(&following(&series[1])).await.refused(412, "precondition_failed");
    tech.delete(&following(&hers)).await.refused(404, "not_found");
    assert_eq!(
        tech.delete(&format!("{}?series=all", path_of(&series[1]))).await.wrong_members(),
        ["/series"]
    );
    tech.delete(&following(&series[1])).await.ok();
    let left = all(&tech).await;
    let of_series: Vec<_> =
        left.iter().filter(|one| one["series_id"] == series[0]["series_id"]).map(|one| &one["id"]).collect();
    assert_eq!(of_series, [&series[0]["id"], &series[2]["id"]]);
    assert_eq!(left.iter().filter(|one| one["series_id"] == other).count(), 4);
    let gone: Vec<_> =
        test.audit("availability.delete").await.into_iter().map(|entry| entry.before["id"].clone()).collect();
    assert_eq!(gone.len(), 2);
    assert!([&series[1], &series[3]].iter().all(|one| gone.contains(&one["id"])));
    // Without the word it is one alone, and of no series it is that one.
    let left = left.iter().find(|one| one["series_id"] == other).expect("one of the others");
    tech.delete(&path_of(left)).await.ok();
    assert_eq!(all(&tech).await.iter().filter(|one| one["series_id"] == other).count(), 3);
    let single =
        json!({ "user_id": user, "start_at": "2026-10-01T08:00:00Z", "end_at": "2026-10-01T09:00:00Z" });
    let single = tech.post("/availabilities", single).await.ok();
    assert_eq!((single.get("ids"), &single["series_id"]), (None, &Json::Null));
    let before = all(&tech).await.len();
    tech.delete(&following(&single)).await.ok();
    assert_eq!(all(&tech).await.len(), before - 1);
    assert_eq!(manager.get(&path_of(&hers)).await.ok()["series_id"], hers["series_id"]);
}
