//! A mission that moves, and the people who are accepted on it.

use super::id;
use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// The given hours of the day of [`Persona::mission`].
fn hours(from: &str, to: &str) -> Json {
    json!({ "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z") })
}

fn hours_because(from: &str, to: &str, reason: &str) -> Json {
    super::with(&hours(from, to), json!({ "override_reason": reason }))
}

/// A new ACCEPTED assignment.
async fn accepted(manager: &Persona<'_>, mission: &str, user: &str) -> String {
    let body = json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" });
    id(&manager.post("/assignments", body).await.ok()).to_owned()
}

async fn assignment(manager: &Persona<'_>, id: &str) -> Json {
    manager.get(&format!("/assignments/{id}")).await.ok()
}

fn ids(list: &Json, member: &str) -> Vec<String> {
    let mut ids = super::each(list, member).into_iter().map(str::to_owned).collect::<Vec<_>>();
    ids.sort();
    ids
}

fn sorted<const N: usize>(mut ids: [String; N]) -> [String; N] {
    ids.sort();
    ids
}

#[rstest]
#[tokio::test]
async fn a_move_takes_the_assignments_along(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (nina, ella) = (manager.user("Nina").await, manager.user("Ella").await);
    let (moving, next) = (
        manager.mission("Montage", "08:00", "10:00").await,
        manager.mission("Concert", "12:00", "14:00").await,
    );
    let accepted_there = accepted(&manager, &moving, &nina).await;
    let invited_there = manager.assignment(&moving, &ella).await;
    accepted(&manager, &next, &nina).await;
    accepted(&manager, &next, &ella).await;
    let path = format!("/missions/{moving}");
    for (from, to) in [("10:00", "12:00"), ("14:00", "15:00"), ("07:00", "12:00"), ("11:59", "12:00")] {
        let moved = manager.patch(&path, hours(from, to)).await.ok();
        for id in [&accepted_there, &invited_there] {
            let shown = assignment(&manager, id).await;
            assert_eq!((&shown["start_at"], &shown["end_at"]), (&moved["start_at"], &moved["end_at"]));
            assert_eq!(shown["conflict_override"], Json::Null);
        }
    }
    assert_eq!(manager.get("/conflicts").await.ok(), json!([]));
    // Who is only invited may be asked for two calls at once, but not say yes to both.
    manager.delete(&format!("/assignments/{accepted_there}")).await.ok();
    manager.patch(&path, hours("13:00", "15:00")).await.ok();
    let yes = json!({ "status": "ACCEPTED" });
    let refused = manager.post(&format!("/assignments/{invited_there}:status"), yes).await;
    refused.refused(400, "schedule_conflict");
}

#[rstest]
#[tokio::test]
async fn a_move_onto_what_its_people_do_names_every_clash_and_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let users =
        crate::support::together(["Nina", "Ella", "Billie", "Abbey"].map(|name| manager.user(name))).await;
    let moving = manager.mission("Montage", "08:00", "10:00").await;
    let (first, second) = (
        manager.mission("Balance", "11:00", "13:00").await,
        manager.mission("Concert", "13:00", "15:00").await,
    );
    for user in &users {
        accepted(&manager, &moving, user).await;
    }
    // Nina is taken twice, Ella once, Billie is only asked, Abbey is free.
    let in_the_way = [
        accepted(&manager, &first, &users[0]).await,
        accepted(&manager, &second, &users[0]).await,
        accepted(&manager, &second, &users[1]).await,
    ];
    manager.assignment(&first, &users[2]).await;
    let path = format!("/missions/{moving}");
    let was = manager.get(&path).await.ok();
    let before = test.audit_count().await;
    for change in [
        hours("12:00", "14:00"),
        json!({ "end_at": "2026-07-10T14:00:00Z" }),
        super::with(
            &hours("10:59", "13:01"),
            json!({ "title": "Ailleurs", "note": "x", "roles": [{ "role_name": "son" }] }),
        ),
    ] {
        let refused = manager.patch(&path, change.clone()).await.refused(400, "schedule_conflict");
        let clashes = &refused["conflicts"];
        assert_eq!(ids(clashes, "assignment_id"), sorted(in_the_way.clone()), "{change}");
        let of = |user: &String| {
            clashes.as_array().unwrap().iter().filter(|clash| clash["user_id"] == json!(user)).count()
        };
        assert_eq!((of(&users[0]), of(&users[1])), (2, 1));
        assert_eq!(manager.get(&path).await.ok(), was);
    }
    let refused = manager.patch(&path, hours("14:59", "16:00")).await.refused(400, "schedule_conflict");
    assert_eq!(
        ids(&refused["conflicts"], "assignment_id"),
        sorted([in_the_way[1].clone(), in_the_way[2].clone()])
    );
    let whole = super::with(&hours("14:59", "16:00"), json!({ "title": "Montage" }));
    manager.put(&path, whole).await.refused(400, "schedule_conflict");
    assert_eq!(test.audit_count().await, before);
    assert_eq!(manager.get(&path).await.ok(), was);
    manager.patch(&path, hours("15:00", "16:00")).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_reason_marks_exactly_those_who_are_taken_until_they_are_free_again(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (nina, ella) = (manager.user("Nina").await, manager.user("Ella").await);
    let moving = manager.mission("Montage", "08:00", "10:00").await;
    let other = manager.mission("Concert", "12:00", "14:00").await;
    let (ninas, ellas) = (accepted(&manager, &moving, &nina).await, accepted(&manager, &moving, &ella).await);
    let elsewhere = accepted(&manager, &other, &nina).await;
    let path = format!("/missions/{moving}");

    let moved = manager.patch(&path, hours_because("13:00", "15:00", "renfort")).await.ok();
    assert_eq!(moved["start_at"], "2026-07-10T13:00:00Z");
    let overrides = [&ninas, &ellas, &elsewhere].map(|id| assignment(&manager, id));
    let overrides = crate::support::together(overrides).await.into_iter();
    let overrides: Vec<_> = overrides.map(|shown| shown["conflict_override"].clone()).collect();
    assert_eq!(json!(overrides), json!(["renfort", null, null]));
    let listed = manager.get("/conflicts").await.ok();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    let pair = &listed[0];
    assert_eq!((&pair["a1"], &pair["a2"]), (&json!(elsewhere), &json!(ninas)));
    assert_eq!(pair["override_reason"], "renfort");
    assert_eq!(
        (&pair["overlap_start"], &pair["overlap_end"]),
        (&json!("2026-07-10T13:00:00Z"), &json!("2026-07-10T14:00:00Z"))
    );
    let records = test.audit("assignment.override").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].after["reason"], "renfort");
    assert_eq!(ids(&records[0].after["conflicts"], "assignment_id"), [elsewhere.as_str()]);

    // The reason was for that move, not for the next.
    manager.patch(&path, hours("13:30", "15:00")).await.refused(400, "schedule_conflict");
    manager.patch(&path, hours_because("13:30", "15:00", "encore")).await.ok();
    assert_eq!(assignment(&manager, &ninas).await["conflict_override"], "encore");
    // What is no move leaves it.
    manager.patch(&path, json!({ "title": "Balance" })).await.ok();
    assert_eq!(assignment(&manager, &ninas).await["conflict_override"], "encore");

    let overridden = assignment(&manager, &ninas).await;
    manager.patch(&path, hours("14:00", "15:00")).await.ok();
    let free = assignment(&manager, &ninas).await;
    assert_eq!(free["conflict_override"], Json::Null);
    assert_eq!(manager.get("/conflicts").await.ok(), json!([]));
    let cleared = test.audit("assignment.update").await;
    assert_eq!(cleared.len(), 1);
    assert_eq!((&cleared[0].before, &cleared[0].after), (&overridden, &free));
    // Free again, nobody may be put beside them without a reason.
    manager
        .patch(&format!("/missions/{other}"), hours("13:00", "14:30"))
        .await
        .refused(400, "schedule_conflict");
    // A reason that nothing needed leaves no mark.
    manager.patch(&path, hours_because("16:00", "17:00", "au cas où")).await.ok();
    assert_eq!(assignment(&manager, &ninas).await["conflict_override"], Json::Null);
    assert_eq!(test.audit("assignment.override").await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn the_other_side_of_an_override_moves_by_the_same_rule(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let nina = manager.user("Nina").await;
    let (first, second) = (
        manager.mission("Montage", "08:00", "12:00").await,
        manager.mission("Balance", "11:00", "13:00").await,
    );
    accepted(&manager, &first, &nina).await;
    let body =
        json!({ "mission_id": second, "user_id": nina, "status": "ACCEPTED", "override_reason": "renfort" });
    let overriding = manager.post("/assignments", body).await.ok();
    // Longer, the first one still overlaps the second; that one's reason is not its own.
    let path = format!("/missions/{first}");
    manager.patch(&path, hours("08:00", "12:30")).await.refused(400, "schedule_conflict");
    manager.patch(&path, hours("08:00", "11:30")).await.refused(400, "schedule_conflict");
    manager.patch(&path, hours("08:00", "11:00")).await.ok();
    assert_eq!(manager.get("/conflicts").await.ok(), json!([]));
    assert_eq!(assignment(&manager, id(&overriding)).await["conflict_override"], "renfort");
    // Beside an overridden one it is still a clash.
    manager.patch(&path, hours("08:00", "12:00")).await.refused(400, "schedule_conflict");
    // A month is as far as a mission reaches back.
    let long = json!({ "start_at": "2026-06-20T00:00:00Z", "end_at": "2026-07-10T11:00:00Z" });
    manager.patch(&path, long).await.ok();
    let inside = manager.mission("Concert", "18:00", "19:00").await;
    accepted(&manager, &inside, &nina).await;
    let earlier = json!({ "start_at": "2026-07-10T10:59:59.999999Z", "end_at": "2026-07-10T11:00:00Z" });
    manager.patch(&format!("/missions/{inside}"), earlier).await.refused(400, "schedule_conflict");
}

#[rstest]
#[tokio::test]
async fn a_move_can_be_sent_again_with_its_reason(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let (moving, taken) = (
        manager.mission("Montage", "08:00", "10:00").await,
        manager.mission("Balance", "11:00", "13:00").await,
    );
    accepted(&manager, &moving, &user).await;
    accepted(&manager, &taken, &user).await;
    let path = format!("/missions/{moving}");
    let body = super::with(&hours_because("12:00", "14:00", "renfort"), json!({ "title": "Montage" }));
    let moved = manager.put(&path, body.clone()).await.ok();
    let before = test.audit_count().await;
    assert_eq!(manager.put(&path, body).await.ok(), moved);
    assert_eq!(manager.patch(&path, hours_because("12:00", "14:00", "renfort")).await.ok(), moved);
    assert_eq!(test.audit_count().await, before);
}
