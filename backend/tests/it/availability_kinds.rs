//! Periods in which somebody is not available: beside those in which they are, and told apart wherever they are shown.

use crate::support::{Kind, Persona, Test};
use coulisses::db::migrations::{self, Migrator};
use rstest::rstest;
use sea_orm_migration::MigratorTrait;
use serde_json::{Value as Json, json};

async fn declare(who: &Persona<'_>, user: &str, kind: &str, (from, to): (&str, &str)) -> Json {
    let body = json!({
        "user_id": user, "kind": kind, "start_at": format!("2026-07-10T{from}:00Z"),
        "end_at": format!("2026-07-10T{to}:00Z"),
    });
    who.post("/availabilities", body).await.ok()
}

fn path_of(availability: &Json) -> String {
    format!("/availabilities/{}", availability["id"].as_str().expect("an id"))
}

async fn approved(manager: &Persona<'_>, user: &str, kind: &str, period: (&str, &str)) -> Json {
    let declared = declare(manager, user, kind, period).await;
    manager.post_empty(&format!("{}:approve", path_of(&declared))).await.ok()
}

#[rstest]
#[tokio::test]
async fn it_is_shown_and_told_apart_everywhere(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let body =
        json!({ "user_id": user, "start_at": "2026-07-10T06:00:00Z", "end_at": "2026-07-10T07:00:00Z" });
    let first = manager.post("/availabilities", body.clone()).await.ok();
    assert_eq!(first["kind"], "available");
    let there = approved(&manager, &user, "available", ("08:00", "12:00")).await;
    let away = approved(&manager, &user, "unavailable", ("14:00", "18:00")).await;
    assert_eq!(away["kind"], "unavailable");
    assert_eq!(manager.get(&path_of(&away)).await.ok(), away);
    for (query, wanted) in [
        ("kind=available", json!([first, there])),
        ("kind=unavailable", json!([away])),
        ("kind=unavailable&kind=available", json!([first, there, away])),
        ("kind=unavailable&status=PENDING", json!([])),
    ] {
        assert_eq!(manager.get(&format!("/availabilities?{query}")).await.ok(), wanted, "{query}");
    }
    assert_eq!(manager.get("/availabilities?kind=maybe").await.wrong_members(), ["/kind"]);
    let mut unknown = body;
    unknown["kind"] = json!("UNAVAILABLE");
    assert_eq!(manager.post("/availabilities", unknown).await.wrong_members(), ["/kind"]);
    let plan = "/planning?from=2026-07-10T00:00:00Z&to=2026-07-11T00:00:00Z";
    assert_eq!(manager.get(plan).await.ok()["availabilities"], json!([first, there, away]));
    // The first clients take whatever is there for a time to plan somebody.
    let calendar = manager.get(&format!("/users/{user}/calendar")).await.ok();
    let ids: Vec<_> = calendar.as_array().expect("entries").iter().map(|entry| &entry["id"]).collect();
    assert_eq!(ids, [&there["id"]]);
    let made = test.audit("availability.create").await;
    assert_eq!(made.iter().filter(|entry| entry.after["kind"] == "unavailable").count(), 1);
}

#[rstest]
#[tokio::test]
async fn approved_ones_overlap_within_no_kind(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    for kind in ["available", "unavailable"] {
        let one = approved(&manager, &user, kind, ("08:00", "12:00")).await;
        let two = declare(&manager, &user, kind, ("11:00", "13:00")).await;
        let refused = manager.post_empty(&format!("{}:approve", path_of(&two))).await;
        let refused = refused.refused(409, "availability_overlap");
        assert_eq!(refused["conflicts"][0]["availability_id"], one["id"], "{kind}");
        assert_eq!(refused["conflicts"].as_array().map(Vec::len), Some(1), "{kind}");
    }
}

#[rstest]
#[tokio::test]
async fn the_kind_changes_as_the_time_does(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let user = test.tech_user.to_string();
    let there = approved(&manager, &user, "available", ("08:00", "12:00")).await;
    let away = approved(&manager, &user, "unavailable", ("10:00", "14:00")).await;
    let refused = manager.patch(&path_of(&away), json!({ "kind": "available" })).await;
    let refused = refused.refused(409, "availability_overlap");
    assert_eq!(refused["conflicts"][0]["availability_id"], there["id"]);
    // One's own word is asked for again.
    let changed = tech.patch(&path_of(&there), json!({ "kind": "unavailable" })).await.ok();
    assert_eq!((&changed["kind"], &changed["status"]), (&json!("unavailable"), &json!("PENDING")));
    assert_eq!(test.audit("availability.update").await[0].after["kind"], "unavailable");
    // A planner's counts at once.
    let changed = manager.patch(&path_of(&away), json!({ "kind": "available" })).await.ok();
    assert_eq!((&changed["kind"], &changed["status"]), (&json!("available"), &json!("APPROVED")));
}

/// The first clients know no kind: they change when somebody is away, and not that they are.
#[rstest]
#[tokio::test]
async fn a_form_without_a_kind_keeps_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let user = test.tech_user.to_string();
    for kind in ["available", "unavailable"] {
        let path = path_of(&approved(&manager, &user, kind, ("08:00", "12:00")).await);
        let form = json!({ "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T13:00:00Z" });
        let changed = manager.put(&path, form.clone()).await.ok();
        assert_eq!((&changed["kind"], &changed["status"]), (&json!(kind), &json!("APPROVED")));
        assert_eq!(changed["end_at"], "2026-07-10T13:00:00Z");
        // It says the same as before, so that nobody has to look at it again.
        assert_eq!(tech.put(&path, form).await.ok(), changed);
        assert_eq!(manager.patch(&path, json!({ "kind": null })).await.ok(), changed);
    }
}

#[rstest]
#[tokio::test]
async fn going_back_nobody_is_counted_on_who_is_away(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    const STEP: &str = "m20261128_000024_availability_kinds";
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let losses =
        async || migrations::losses(&test.app.db, &[STEP.to_owned()]).await.expect("rows are counted");
    let there = approved(&manager, &user, "available", ("08:00", "12:00")).await;
    assert_eq!(losses().await, Vec::<String>::new());
    let away = approved(&manager, &user, "unavailable", ("10:00", "14:00")).await;
    assert_eq!(
        losses().await,
        [format!("{STEP}: 1 period of being unavailable, to be kept as a rejected availability")]
    );
    let all = Migrator::migrations();
    let kept = all.iter().position(|step| step.name() == STEP).expect("the step");
    let steps = u32::try_from(all.len() - kept).expect("a number of steps");
    Migrator::down(test.app.db.connection(), Some(steps)).await.expect("the step is taken back");
    let status = |status: &str| format!("SELECT count(*) AS n FROM availabilities WHERE status = '{status}'");
    assert_eq!((test.count(&status("APPROVED")).await, test.count(&status("REJECTED")).await), (1, 1));
    // As an instance of the release before writes it: the guard is that of all.
    let approve = "UPDATE availabilities SET status = 'APPROVED'";
    let refused = sea_orm::ConnectionTrait::execute_unprepared(&test.app.db, approve).await;
    assert!(refused.expect_err("they overlap").to_string().contains("availabilities_no_overlap"));
    migrations::up(&test.app.db, None).await.expect("the schema");
    let manager = manager.clone().at(&test.second_instance().await);
    assert_eq!(manager.get(&path_of(&there)).await.ok(), there);
    let kept = manager.get(&path_of(&away)).await.ok();
    assert_eq!((&kept["kind"], &kept["status"]), (&json!("available"), &json!("REJECTED")));
}
