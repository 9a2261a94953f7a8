//! Availabilities: lists, changes by the person and by planners, approving and rejecting, and their first name.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

async fn declare(who: &Persona<'_>, user: &str, from: &str, to: &str) -> Json {
    who.post("/availabilities", json!({ "user_id": user, "start_at": from, "end_at": to })).await.ok()
}

fn approve(availability: &Json) -> String {
    format!("{}:approve", path_of(availability))
}

fn path_of(availability: &Json) -> String {
    format!("/availabilities/{}", availability["id"].as_str().expect("an id"))
}

fn reject(availability: &Json) -> String {
    format!("{}:reject", path_of(availability))
}

#[rstest]
#[tokio::test]
async fn lists_are_filtered_and_paged_by_start(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (nina, miriam) = (manager.user("Nina Simone").await, manager.user("Miriam Makeba").await);
    let day = |day: u32, hour: u32| format!("2026-07-{day:02}T{hour:02}:00:00Z");
    let mut all = Vec::new();
    for (user, from) in [(&nina, 12), (&miriam, 10), (&nina, 10), (&miriam, 11)] {
        all.push(declare(&manager, user, &day(from, 8), &day(from, 18)).await);
    }
    let approved = manager.post_empty(&approve(&all[2])).await.ok();
    let rejected = manager.post_empty(&reject(&all[3])).await.ok();
    let (late, first) = (all[0].clone(), all[1].clone());
    let mut all = [&first, &approved, &rejected, &late];
    // Two begin at the same instant; their ids decide.
    all.sort_by_key(|one| (one["start_at"].to_string(), one["id"].to_string()));
    let only = |some: &[&Json]| json!(all.iter().filter(|one| some.contains(one)).collect::<Vec<_>>());
    let ordered = json!(all);
    assert_eq!(manager.get("/availabilities").await.ok(), ordered);
    for (query, wanted) in [
        (format!("user_id={nina}"), only(&[&approved, &late])),
        (format!("user_id={nina}&user_id={miriam}"), ordered.clone()),
        ("status=PENDING".into(), only(&[&first, &late])),
        ("status=APPROVED&status=REJECTED".into(), only(&[&approved, &rejected])),
        (format!("status=APPROVED&user_id={miriam}"), only(&[])),
        (format!("from={}", day(10, 18)), only(&[&rejected, &late])),
        (format!("from={}", day(10, 17)), ordered.clone()),
        (format!("to={}", day(11, 8)), only(&[&first, &approved])),
        (format!("from={}&to={}", day(11, 0), day(12, 0)), only(&[&rejected])),
    ] {
        assert_eq!(manager.get(&format!("/availabilities?{query}")).await.ok(), wanted, "{query}");
    }
    for limit in 1..=5 {
        let (mut found, mut path) = (Vec::new(), Some(format!("/availabilities?limit={limit}")));
        while let Some(here) = path {
            let page = manager.get(&here).await;
            found.extend(page.ok().as_array().expect("an array").clone());
            path = page.header("link").strip_prefix('<').and_then(|l| Some(l.split_once('>')?.0.to_owned()));
        }
        assert_eq!(json!(found), ordered, "limit {limit}");
    }
    for (query, pointer) in [("status=MAYBE", "/status"), ("user_id=1", "/user_id"), ("from=x", "/from")] {
        assert_eq!(manager.get(&format!("/availabilities?{query}")).await.wrong_members(), [pointer]);
    }
}

#[rstest]
#[tokio::test]
async fn a_tech_reads_changes_and_withdraws_their_own_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let colleague = manager.user("Nina Simone").await;
    let (from, to) = ("2026-07-10T08:00:00Z", "2026-07-10T18:00:00Z");
    let hers = declare(&manager, &colleague, from, to).await;
    let mine = declare(&tech, &test.tech_user.to_string(), from, to).await;
    assert_eq!(tech.get("/availabilities").await.ok(), json!([mine]));
    assert_eq!(tech.get(&format!("/availabilities?user_id={colleague}")).await.ok(), json!([]));
    assert_eq!(tech.get(&path_of(&mine)).await.ok(), mine);
    let foreign = test.other_owner().await;
    let unknown = json!({ "id": "019f0000-0000-7000-8000-000000000000" });
    let form = json!({ "start_at": from, "end_at": to, "note": "x" });
    for (who, whose) in [(&tech, &hers), (&tech, &unknown), (&foreign, &hers), (&foreign, &mine)] {
        let path = path_of(whose);
        who.get(&path).await.refused(404, "not_found");
        who.put(&path, form.clone()).await.refused(404, "not_found");
        who.patch(&path, json!({ "note": "x" })).await.refused(404, "not_found");
        who.delete(&path).await.refused(404, "not_found");
    }
    assert_eq!(manager.get(&path_of(&hers)).await.ok(), hers);
    tech.post_empty(&reject(&mine)).await.refused(403, "forbidden");
    assert_eq!(tech.put(&path_of(&mine), form).await.ok()["note"], "x");
    let patched =
        tech.patch(&path_of(&mine), json!({ "note": null, "end_at": "2026-07-10T19:00:00Z" })).await.ok();
    assert_eq!((&patched["note"], &patched["end_at"]), (&json!(null), &json!("2026-07-10T19:00:00Z")));
    tech.delete(&path_of(&mine)).await.ok();
    manager.get(&path_of(&mine)).await.refused(404, "not_found");
    assert_eq!(test.audit("availability.delete").await[0].before, patched);
    manager.delete(&path_of(&hers)).await.ok();
    assert_eq!(test.count("SELECT count(*) AS n FROM availabilities").await, 0);
}

#[rstest]
#[tokio::test]
async fn a_change_keeps_to_the_rules_of_a_period(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let path = path_of(&declare(&manager, &user, "2026-07-10T08:00:00Z", "2026-07-10T18:00:00Z").await);
    for (patch, pointer) in [
        (json!({ "end_at": "2026-07-10T08:00:00Z" }), "/end_at"),
        (json!({ "end_at": "2026-09-10T08:00:00Z" }), "/end_at"),
        (json!({ "start_at": null }), "/start_at"),
        (json!({ "start_at": "2026-07-10T08:00:00" }), "/start_at"),
        (json!({ "status": "APPROVED" }), "/status"),
        (json!({ "user_id": test.tech_user }), "/user_id"),
    ] {
        assert_eq!(manager.patch(&path, patch.clone()).await.wrong_members(), [pointer], "{patch}");
    }
    let incomplete = manager.put(&path, json!({ "start_at": "2026-07-10T08:00:00Z" })).await;
    assert_eq!(incomplete.wrong_members(), ["/end_at"]);
}

#[rstest]
#[tokio::test]
async fn ones_own_change_of_an_approved_one_waits_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let mine =
        declare(&tech, &test.tech_user.to_string(), "2026-07-10T08:00:00Z", "2026-07-10T18:00:00Z").await;
    manager.post_empty(&approve(&mine)).await.ok();
    // A word about it does not move it.
    assert_eq!(tech.patch(&path_of(&mine), json!({ "note": "x" })).await.ok()["status"], "APPROVED");
    let longer = json!({ "end_at": "2026-07-10T20:00:00Z" });
    assert_eq!(tech.patch(&path_of(&mine), longer).await.ok()["status"], "PENDING");
    assert_eq!(manager.post_empty(&approve(&mine)).await.ok()["status"], "APPROVED");
    let later = json!({ "start_at": "2026-07-11T08:00:00Z", "end_at": "2026-07-11T18:00:00Z" });
    assert_eq!(manager.put(&path_of(&mine), later.clone()).await.ok()["status"], "APPROVED");
    manager.post_empty(&reject(&mine)).await.ok();
    // Rejected at one time, asked for at another.
    assert_eq!(tech.put(&path_of(&mine), later).await.ok()["status"], "REJECTED");
    let other = json!({ "start_at": "2026-07-12T08:00:00Z", "end_at": "2026-07-12T18:00:00Z" });
    assert_eq!(tech.put(&path_of(&mine), other).await.ok()["status"], "PENDING");
}

#[rstest]
#[tokio::test]
async fn a_planners_change_of_an_approved_one_is_checked_again(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let one = declare(&manager, &user, "2026-07-10T08:00:00Z", "2026-07-10T12:00:00Z").await;
    let two = declare(&manager, &user, "2026-07-10T14:00:00Z", "2026-07-10T18:00:00Z").await;
    manager.post_empty(&approve(&one)).await.ok();
    // Not approved, it may lie anywhere.
    let over = json!({ "start_at": "2026-07-10T09:00:00Z" });
    manager.patch(&path_of(&two), over.clone()).await.ok();
    manager.patch(&path_of(&two), json!({ "start_at": "2026-07-10T12:00:00Z" })).await.ok();
    let approved = manager.post_empty(&approve(&two)).await.ok();
    let entries = test.audit_count().await;
    let whole = json!({ "start_at": "2026-07-10T11:00:00Z", "end_at": "2026-07-10T13:00:00Z" });
    for refused in [manager.patch(&path_of(&two), over).await, manager.put(&path_of(&two), whole).await] {
        let clash = refused.refused(409, "availability_overlap");
        let wanted = json!([{ "user_id": user, "availability_id": one["id"], "start_at": one["start_at"], "end_at": one["end_at"] }]);
        assert_eq!(clash["conflicts"], wanted);
    }
    assert_eq!(manager.get(&path_of(&two)).await.ok(), approved);
    assert_eq!(test.audit_count().await, entries);
    // It does not clash with itself.
    let shorter = json!({ "start_at": "2026-07-10T13:00:00Z", "end_at": "2026-07-10T17:00:00Z" });
    assert_eq!(manager.put(&path_of(&two), shorter).await.ok()["status"], "APPROVED");
}

#[rstest]
#[tokio::test]
async fn rejected_and_approved_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let one = declare(&manager, &user, "2026-07-10T08:00:00Z", "2026-07-10T12:00:00Z").await;
    let two = declare(&manager, &user, "2026-07-10T10:00:00Z", "2026-07-10T18:00:00Z").await;
    manager.post_empty(&approve(&one)).await.ok();
    let rejected = manager.post_empty(&reject(&one)).await.ok();
    assert_eq!(rejected["status"], "REJECTED");
    assert_eq!(manager.post_empty(&reject(&one)).await.ok(), rejected);
    assert_eq!(test.audit("availability.reject").await.len(), 1);
    // Its time is free for another, and then taken.
    manager.post_empty(&approve(&two)).await.ok();
    manager.post_empty(&approve(&one)).await.refused(409, "availability_overlap");
    manager.post_empty(&reject(&two)).await.ok();
    assert_eq!(manager.post_empty(&approve(&one)).await.ok()["status"], "APPROVED");
    manager
        .post_empty("/availabilities/019f0000-0000-7000-8000-000000000000:reject")
        .await
        .refused(404, "not_found");
    let refused = manager.post(&reject(&one), json!({ "reason": "x" })).await;
    assert_eq!(refused.wrong_members(), ["/reason"]);
}

#[rstest]
#[tokio::test]
async fn the_first_name_is_the_same_resource_in_every_call(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let body = |day: u32| {
        let at = |hour: u32| format!("2026-07-{day}T{hour:02}:00:00Z");
        json!({ "user_id": user, "start_at": at(8), "end_at": at(18) })
    };
    let declared = manager.post("/availability", body(10)).await.ok();
    let (first, today) = (format!("/availability/{}", declared["id"].as_str().unwrap()), path_of(&declared));
    let (here, there) = (manager.get(&first).await, manager.get(&today).await);
    assert_eq!((here.ok(), here.header("etag")), (there.ok(), there.header("etag")));
    assert_eq!(here.header("etag"), manager.get(&first).await.header("etag"));
    let changed = manager.patch(&first, json!({ "note": "x" })).await.ok();
    assert_eq!(manager.get(&today).await.ok(), changed);
    let form = json!({ "start_at": "2026-07-10T09:00:00Z", "end_at": "2026-07-10T18:00:00Z" });
    let changed = manager.put(&first, form).await.ok();
    assert_eq!(manager.get(&today).await.ok(), changed);
    let stale = manager.clone().with_header("if-match", here.header("etag"));
    stale.delete(&first).await.refused(412, "precondition_failed");
    assert_eq!(manager.post_empty(&format!("{first}:approve")).await.ok()["status"], "APPROVED");
    assert_eq!(manager.post_empty(&format!("{first}%3Areject")).await.ok()["status"], "REJECTED");
    manager.post("/availabilities", body(11)).await.ok();
    let both = manager.get("/availabilities").await.ok();
    assert_eq!(manager.get(&format!("/availability?user_id={user}")).await.ok(), both);
    // The next page has the name that was asked for.
    let page = manager.get("/availability?limit=1&status=REJECTED&status=PENDING").await;
    let link = page.header("link");
    assert!(
        link.starts_with("</api/v1/availability?limit=1&status=REJECTED&status=PENDING&cursor="),
        "{link}"
    );
    let next = link.strip_prefix('<').unwrap().split_once('>').unwrap().0;
    assert_eq!(manager.get(next).await.ok()[0], both[1]);
    let page = manager.get("/availabilities?limit=1").await;
    assert!(page.header("link").starts_with("</api/v1/availabilities?limit=1&cursor="));
    manager.delete(&first).await.ok();
    manager.get(&today).await.refused(404, "not_found");
    manager.get("/availabilityx").await.refused(404, "not_found");
}
