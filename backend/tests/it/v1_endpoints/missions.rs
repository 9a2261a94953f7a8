use super::{NOBODY, each, id, members, walk, with};
use crate::support::{Kind, NOW, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::time::Duration;

const START: &str = "2026-07-10T08:00:00Z";
const END: &str = "2026-07-10T12:00:00Z";

#[rstest]
#[tokio::test]
async fn a_mission_has_the_documented_members(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Tournée").await;
    let body = json!({
        "project_id": project, "title": "Montage", "location": "Bobino", "start_at": START, "end_at": END,
        "timezone": "Europe/Brussels", "note": "gants", "roles": [{ "role_name": "son", "quota": 2 }, { "role_name": "plateau" }],
    });
    let created = manager.post("/missions", body).await.ok();
    let wanted = json!({
        "id": id(&created), "project_id": project, "title": "Montage", "role": "son", "location": "Bobino",
        "start_at": START, "end_at": END, "timezone": "Europe/Brussels", "note": "gants", "cancelled_at": null,
        "roles": [
            { "id": created["roles"][0]["id"], "role_name": "son", "quota": 2, "invited": 0, "accepted": 0 },
            { "id": created["roles"][1]["id"], "role_name": "plateau", "quota": null, "invited": 0, "accepted": 0 },
        ],
        "created_at": NOW, "updated_at": NOW,
    });
    assert_eq!(created, wanted);
    assert_eq!(manager.get(&format!("/missions/{}", id(&created))).await.ok(), wanted);
    assert_eq!(manager.get("/missions").await.ok(), json!([wanted]));
    let entries = test.audit("mission.create").await;
    assert_eq!((entries.len(), &entries[0].after), (1, &wanted));
    test.other_owner().await.get(&format!("/missions/{}", id(&created))).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn the_label_of_the_first_clients_is_title_and_role(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let create = async |extra: Json| {
        manager.post("/missions", with(&json!({ "start_at": START, "end_at": END }), extra)).await
    };
    let roles = |mission: &Json| -> Vec<(String, Json)> {
        let roles = mission["roles"].as_array().unwrap().iter();
        roles.map(|role| (role["role_name"].as_str().unwrap().to_owned(), role["quota"].clone())).collect()
    };
    let alone = create(json!({ "role": "lumiere" })).await.ok();
    assert_eq!(
        (&alone["title"], &alone["role"], &alone["timezone"]),
        (&json!("lumiere"), &json!("lumiere"), &json!("Europe/Paris"))
    );
    assert_eq!(roles(&alone), [("lumiere".into(), Json::Null)]);
    let titled = create(
        json!({ "role": "son", "title": "Balance", "roles": [{ "role_name": "plateau", "quota": 1 }] }),
    )
    .await
    .ok();
    assert_eq!((&titled["title"], &titled["role"]), (&json!("Balance"), &json!("son")));
    assert_eq!(roles(&titled), [("son".into(), Json::Null), ("plateau".into(), json!(1))]);
    let named = create(json!({ "role": "SON", "roles": [{ "role_name": "son", "quota": 4 }] })).await.ok();
    assert_eq!(roles(&named), [("son".into(), json!(4))]);
    let bare = create(json!({ "title": "Réunion" })).await.ok();
    assert_eq!((&bare["role"], &bare["roles"]), (&Json::Null, &json!([])));
    assert_eq!(create(json!({})).await.wrong_members(), ["/title"]);
}

#[rstest]
#[tokio::test]
async fn a_wrong_mission_is_refused_and_leaves_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let before = test.audit_count().await;
    let right = json!({ "title": "x", "start_at": START, "end_at": END });
    for (change, wrong) in [
        (json!({ "end_at": START }), "/end_at"),
        (json!({ "end_at": "2026-08-10T08:00:00.000001Z" }), "/end_at"),
        (json!({ "start_at": "2026-07-10T08:00:00" }), "/start_at"),
        (json!({ "timezone": "Paris" }), "/timezone"),
        (json!({ "roles": [{ "role_name": "son", "quota": 0 }] }), "/roles/0/quota"),
        (json!({ "roles": [{ "role_name": "son" }, { "role_name": "SON" }] }), "/roles/1/role_name"),
        (json!({ "cancelled_at": END }), "/cancelled_at"),
        (json!({ "project_id": "1" }), "/project_id"),
    ] {
        assert_eq!(
            manager.post("/missions", with(&right, change.clone())).await.wrong_members(),
            [wrong],
            "{change}"
        );
    }
    let elsewhere = test.other_owner().await.project("Ailleurs").await;
    let now = test.audit_count().await;
    assert_eq!(now, before + 1);
    for project in [NOBODY, elsewhere.as_str()] {
        let refused = manager
            .post("/missions", with(&right, json!({ "project_id": project })))
            .await
            .refused(404, "unknown_reference");
        assert_eq!(refused["errors"][0]["pointer"], "/project_id");
    }
    test.tech().await.post("/missions", right).await.refused(403, "forbidden");
    assert_eq!((test.audit_count().await, test.count("SELECT count(*) AS n FROM missions").await), (now, 0));
}

#[rstest]
#[tokio::test]
async fn a_mission_may_cross_midnight_and_last_31_days(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let night = json!({ "title": "Nuit", "start_at": "2026-07-10T23:00:00+02:00", "end_at": "2026-07-11T01:30:00+02:00" });
    let night = manager.post("/missions", night).await.ok();
    assert_eq!(
        (&night["start_at"], &night["end_at"]),
        (&json!("2026-07-10T21:00:00Z"), &json!("2026-07-10T23:30:00Z"))
    );
    let to_midnight =
        json!({ "title": "Soir", "start_at": "2026-07-10T22:00:00Z", "end_at": "2026-07-11T00:00:00Z" });
    assert_eq!(manager.post("/missions", to_midnight).await.ok()["end_at"], "2026-07-11T00:00:00Z");
    let month =
        json!({ "title": "Mois", "start_at": "2026-07-01T00:00:00Z", "end_at": "2026-08-01T00:00:00Z" });
    manager.post("/missions", month).await.ok();
}

#[rstest]
#[tokio::test]
async fn missions_are_listed_by_start_and_filtered(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let (one, two) = (manager.project("Un").await, manager.project("Deux").await);
    manager.mission("Démontage 50%", "20:00", "23:00").await;
    for (project, title, from, to) in
        [(&one, "Montage", "08:00", "12:00"), (&two, "Balance", "12:00", "14:00")]
    {
        let body = json!({
            "project_id": project, "title": title, "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z"),
        });
        manager.post("/missions", body).await.ok();
    }
    let cancelled = manager.mission("Annulée", "09:00", "10:00").await;
    test.rows("UPDATE missions SET cancelled_at = 1 WHERE title = 'Annulée'").await;
    assert!(manager.get(&format!("/missions/{cancelled}")).await.ok()["cancelled_at"].is_string());
    let all = vec!["Montage", "Annulée", "Balance", "Démontage 50%"];
    let instant = |time: &str| format!("2026-07-10T{time}:00Z");
    for (query, titles) in [
        (String::new(), all.clone()),
        (format!("?project_id={one}"), vec!["Montage"]),
        (format!("?project_id={one}&project_id={two}"), vec!["Montage", "Balance"]),
        (format!("?from={}", instant("12:00")), vec!["Balance", "Démontage 50%"]),
        (format!("?from={}", instant("11:59")), vec!["Montage", "Balance", "Démontage 50%"]),
        (format!("?to={}", instant("12:00")), vec!["Montage", "Annulée"]),
        (format!("?to={}", instant("12:01")), vec!["Montage", "Annulée", "Balance"]),
        (format!("?from={}&to={}", instant("13:00"), instant("13:30")), vec!["Balance"]),
        (format!("?from={}&to={}", instant("14:00"), instant("20:00")), vec![]),
        ("?status=open".into(), vec!["Montage", "Balance", "Démontage 50%"]),
        ("?status=cancelled".into(), vec!["Annulée"]),
        ("?status=cancelled&status=open".into(), all),
        ("?q=montage".into(), vec!["Montage", "Démontage 50%"]),
        ("?q=DEM".into(), vec!["Démontage 50%"]),
        ("?q=%25".into(), vec!["Démontage 50%"]),
        ("?q=_".into(), vec![]),
    ] {
        assert_eq!(each(&tech.get(&format!("/missions{query}")).await.ok(), "title"), titles, "{query}");
    }
    for (query, wrong) in [
        ("?start=x", "/start"),
        ("?from=2026-07-10", "/from"),
        ("?project_id=1", "/project_id"),
        ("?status=OPEN", "/status"),
    ] {
        assert_eq!(tech.get(&format!("/missions{query}")).await.wrong_members(), [wrong], "{query}");
    }
}

#[rstest]
#[tokio::test]
async fn pages_give_every_mission_once_while_others_come(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mut wanted = Vec::new();
    for i in 0..7 {
        let hour = format!("{:02}:00", 10 + i / 3);
        wanted.push(manager.mission(&format!("m{i}"), &hour, "20:00").await);
    }
    let mut round = 0;
    let seen = walk(&manager, "/missions?limit=2", async || {
        round += 1;
        if round < 3 {
            manager.mission("avant", "06:00", "07:00").await;
        }
    })
    .await;
    let in_order = manager.get("/missions?from=2026-07-10T07:00:00Z").await.ok();
    assert_eq!(seen, each(&in_order, "id"));
    assert_eq!(seen.len(), wanted.len());
    assert!(wanted.iter().all(|id| seen.contains(id)));
}

#[rstest]
#[tokio::test]
async fn bulk_creates_all_in_the_order_sent(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Festival").await;
    let path = format!("/projects/{project}/missions:bulk_create");
    let before = test.audit_count().await;
    let items: Vec<_> =
        (0..1000).map(|i| json!({ "role": format!("r{i}"), "start_at": START, "end_at": END })).collect();
    let answer = manager.post(&path, items.into()).await.ok();
    assert_eq!(members(&answer), ["created", "ids", "status"]);
    assert_eq!((&answer["status"], &answer["created"]), (&json!("ok"), &json!(1000)));
    let ids = answer["ids"].as_array().unwrap();
    for i in [0, 999] {
        let mission = manager.get(&format!("/missions/{}", ids[i].as_str().unwrap())).await.ok();
        assert_eq!((&mission["title"], &mission["project_id"]), (&json!(format!("r{i}")), &json!(project)));
    }
    assert_eq!(test.count("SELECT count(*) AS n FROM missions").await, 1000);
    assert_eq!(test.audit_count().await, before + 1000);
}

/// Of ten connections bulk requests have two, which somebody else has taken.
#[rstest]
#[tokio::test]
async fn bulk_requests_take_turns_and_small_ones_need_none(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("REQUEST_TIMEOUT_SECONDS", "4")]).await;
    let manager = test.manager().await;
    let path = format!("/projects/{}/missions:bulk_create", manager.project("Festival").await);
    let item = json!({ "role": "son", "start_at": START, "end_at": END });
    let large = json!(vec![item.clone(); 120]);
    assert!(large.to_string().len() > 8 * 1024);
    let turn = async |tenant| test.app.bulks.take(tenant, 1, Duration::ZERO).await.expect("a turn");
    let turns = [turn(None).await, turn(Some(test.other_org)).await];
    manager.post(&path, large.clone()).await.refused(503, "unavailable");
    manager.post(&path, json!([item])).await.ok();
    assert_eq!(test.count("SELECT count(*) AS n FROM missions").await, 1);
    drop(turns);
    manager.post(&path, large).await.ok();
    assert_eq!(test.count("SELECT count(*) AS n FROM missions").await, 121);
    assert_eq!(test.app.bulks.free(), 2);
}

#[rstest]
#[tokio::test]
async fn bulk_creates_nothing_when_one_item_is_wrong(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let path = format!("/projects/{}/missions:bulk_create", manager.project("Festival").await);
    let before = test.audit_count().await;
    let item = json!({ "role": "son", "start_at": START, "end_at": END });
    let items =
        json!([item, with(&item, json!({ "role": null })), item, with(&item, json!({ "end_at": START }))]);
    assert_eq!(manager.post(&path, items).await.wrong_members(), ["/1/title", "/3/end_at"]);
    let items = json!([
        item,
        with(&item, json!({ "start_at": "hier" })),
        item,
        with(&item, json!({ "project_id": NOBODY }))
    ]);
    assert_eq!(manager.post(&path, items).await.wrong_members(), ["/1/start_at", "/3/project_id"]);
    for count in [0, 1001] {
        let items: Vec<_> = (0..count).map(|_| item.clone()).collect();
        assert_eq!(manager.post(&path, items.into()).await.wrong_members(), [""], "{count} items");
    }
    manager.post(&path, item.clone()).await.refused(400, "validation_failed");
    manager.post_empty(&path).await.refused(400, "validation_failed");
    let nowhere = format!("/projects/{NOBODY}/missions:bulk_create");
    manager.post(&nowhere, json!([item])).await.refused(404, "not_found");
    test.tech().await.post(&path, json!([item])).await.refused(403, "forbidden");
    assert_eq!(test.count("SELECT count(*) AS n FROM missions").await, 0);
    assert_eq!(test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn a_duplicate_has_the_roles_and_not_the_people(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let body = json!({
        "title": "Montage", "location": "Bobino", "note": "gants", "start_at": "2026-10-24T18:00:00Z", "end_at": "2026-10-24T21:00:00Z",
        "roles": [{ "role_name": "son", "quota": 1 }],
    });
    let original = manager.post("/missions", body).await.ok();
    let user = manager.user("Nina Simone").await;
    let taken = json!({ "mission_id": original["id"], "user_id": user, "status": "ACCEPTED" });
    manager.post("/assignments", taken).await.ok();
    test.pass_seconds(60);
    let verb = format!("/missions/{}:duplicate", id(&original));
    let same = manager.post_empty(&verb).await.ok();
    let wanted = with(
        &original,
        json!({
            "id": same["id"], "roles": [with(&original["roles"][0], json!({ "id": same["roles"][0]["id"] }))],
            "created_at": "2026-07-01T08:01:00Z", "updated_at": "2026-07-01T08:01:00Z",
        }),
    );
    assert_eq!(same, wanted);
    assert_ne!((&same["id"], &same["roles"][0]["id"]), (&original["id"], &original["roles"][0]["id"]));
    let times = |mission: &Json| {
        (mission["start_at"].as_str().unwrap().to_owned(), mission["end_at"].as_str().unwrap().to_owned())
    };
    let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    let later = manager.post(&verb, json!({ "start_at": "2026-11-01T00:00:00+01:00" })).await.ok();
    assert_eq!(times(&later), pair("2026-10-31T23:00:00Z", "2026-11-01T02:00:00Z"));
    // The clocks go back on 2026-10-25: 20:00 in Paris stays 20:00.
    let next_day = manager.post(&verb, json!({ "shift_days": 1 })).await.ok();
    assert_eq!(times(&next_day), pair("2026-10-25T19:00:00Z", "2026-10-25T22:00:00Z"));
    let earlier = manager.post(&verb, json!({ "shift_days": -1 })).await.ok();
    assert_eq!(times(&earlier), pair("2026-10-23T18:00:00Z", "2026-10-23T21:00:00Z"));
    // And so does the end of a night in which they change.
    let night =
        json!({ "title": "Nuit", "start_at": "2026-10-17T20:00:00Z", "end_at": "2026-10-18T04:00:00Z" });
    let night = format!("/missions/{}:duplicate", id(&manager.post("/missions", night).await.ok()));
    for how in [json!({ "shift_days": 7 }), json!({ "start_at": "2026-10-24T20:00:00Z" })] {
        let copy = manager.post(&night, how).await.ok();
        assert_eq!(times(&copy), pair("2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"));
    }
    let before = test.audit_count().await;
    let both = json!({ "shift_days": 1, "start_at": START });
    assert_eq!(manager.post(&verb, both).await.wrong_members(), ["/shift_days"]);
    assert_eq!(manager.post(&verb, json!({ "shift_days": 4000 })).await.wrong_members(), ["/shift_days"]);
    assert_eq!(manager.post(&verb, json!({ "days": 1 })).await.wrong_members(), ["/days"]);
    manager.post_empty(&format!("/missions/{NOBODY}:duplicate")).await.refused(404, "not_found");
    test.tech().await.post_empty(&verb).await.refused(403, "forbidden");
    test.other_owner().await.post_empty(&verb).await.refused(404, "not_found");
    assert_eq!(test.audit_count().await, before);
    test.rows("UPDATE missions SET cancelled_at = 1").await;
    assert_eq!(manager.post_empty(&verb).await.ok()["cancelled_at"], Json::Null);
}

#[rstest]
#[tokio::test]
async fn so_many_roles_at_once_and_no_more(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let path = format!("/projects/{}/missions:bulk_create", manager.project("Festival").await);
    let roles: Json = (0..50).map(|n| json!({ "role_name": n.to_string() })).collect();
    let mission = json!({ "title": "Montage", "start_at": START, "end_at": END, "roles": roles });
    let mut missions = vec![mission; 100];
    missions.push(json!({ "role": "son", "start_at": START, "end_at": END }));
    missions.push(json!({ "role": "son", "start_at": START, "end_at": END }));
    let refused = manager.post(&path, json!(missions)).await;
    assert_eq!(refused.wrong_members(), ["/100/roles"]);
    missions.truncate(100);
    assert_eq!(manager.post(&path, json!(missions)).await.ok()["created"], 100);
}

/// The clocks go back on 2026-10-25: in Paris that October lasts an hour more than 31 times 24 hours.
#[rstest]
#[tokio::test]
async fn a_mission_may_last_a_month_of_the_calendar(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let october = json!({
        "title": "Octobre", "start_at": "2026-10-01T00:00:00+02:00", "end_at": "2026-11-01T00:00:00+01:00",
    });
    let too_long = with(&october, json!({ "end_at": "2026-11-01T00:00:01+01:00" }));
    let elsewhere = with(&october, json!({ "timezone": "Africa/Tunis" }));
    let mission = manager.post("/missions", october.clone()).await.ok();
    let path = format!("/missions/{}", id(&mission));
    for wrong in [&too_long, &elsewhere] {
        assert_eq!(manager.post("/missions", wrong.clone()).await.wrong_members(), ["/end_at"]);
    }
    assert_eq!(
        manager.patch(&path, json!({ "timezone": "Africa/Tunis" })).await.wrong_members(),
        ["/end_at"]
    );
    let bulk = format!("/projects/{}/missions:bulk_create", manager.project("Saison").await);
    assert_eq!(manager.post(&bulk, json!([october, too_long])).await.wrong_members(), ["/1/end_at"]);
    manager.post(&bulk, json!([october])).await.ok();
    manager.post_empty(&format!("{path}:duplicate")).await.ok();

    // What began in its first hour still keeps someone from the hour after its last.
    let user = manager.user("Zoé").await;
    let last = json!({
        "title": "Fin", "start_at": "2026-10-31T23:30:00+01:00", "end_at": "2026-11-01T01:00:00+01:00",
    });
    let last = manager.post("/missions", last).await.ok();
    let accepted =
        |mission: &Json| json!({ "mission_id": mission["id"], "user_id": user, "status": "ACCEPTED" });
    manager.post("/assignments", accepted(&mission)).await.ok();
    manager.post("/assignments", accepted(&last)).await.refused(400, "schedule_conflict");
    // Nor does the database let it be.
    let invited = json!({ "mission_id": last["id"], "user_id": user });
    manager.post("/assignments", invited).await.ok();
    let forced = "UPDATE assignments SET status = 'ACCEPTED' WHERE status = 'INVITED'";
    let forced = sea_orm::ConnectionTrait::execute_unprepared(&test.app.db, forced).await;
    assert!(forced.unwrap_err().to_string().contains("no_double_booking"));

    let declared = json!({
        "user_id": user, "start_at": "2026-10-01T00:00:00+02:00", "end_at": "2026-11-01T00:00:00+01:00",
    });
    let too_long = with(&declared, json!({ "end_at": "2026-11-01T00:00:01+01:00" }));
    assert_eq!(manager.post("/availabilities", too_long).await.wrong_members(), ["/end_at"]);
    let declared = manager.post("/availabilities", declared).await.ok();
    let path = format!("/availabilities/{}", id(&declared));
    let later = json!({ "end_at": "2026-11-01T00:00:01+01:00" });
    assert_eq!(manager.patch(&path, later).await.wrong_members(), ["/end_at"]);
}
