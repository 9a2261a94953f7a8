//! Which missions have everyone they need, and which do not.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// On the 10th of July at this hour, with these roles and quotas.
async fn mission(
    planner: &Persona<'_>,
    project: &str,
    title: &str,
    hour: u32,
    roles: &[(&str, Json)],
) -> String {
    let role = |(name, quota): &(&str, Json)| json!({ "role_name": name, "quota": quota });
    let body = json!({
        "title": title, "project_id": project, "roles": roles.iter().map(role).collect::<Vec<_>>(),
        "start_at": format!("2026-07-10T{hour:02}:00:00Z"), "end_at": format!("2026-07-10T{hour:02}:59:00Z"),
    });
    id(&planner.post("/missions", body).await.ok())
}

async fn on(planner: &Persona<'_>, mission: &str, role: Option<&str>, status: &str) -> String {
    let user = planner.user(&format!("Person {}", planner.test().number())).await;
    let body = json!({ "mission_id": mission, "user_id": user, "status": "INVITED", "role_name": role });
    let assignment = id(&planner.post("/assignments", body).await.ok());
    if status != "INVITED" {
        planner.post(&format!("/assignments/{assignment}:status"), json!({ "status": status })).await.ok();
    }
    assignment
}

async fn titles(who: &Persona<'_>, query: &str) -> Vec<String> {
    let list = who.get(&format!("/missions?{query}")).await.ok();
    let all = list.as_array().expect("a list");
    all.iter().map(|one| one["title"].as_str().expect("a title").to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn missions_are_found_by_the_places_that_nobody_accepted(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (planner, tech) = (test.manager().await, test.tech().await);
    let (one, two) = (planner.project("Un").await, planner.project("Deux").await);
    // Who was asked, said no, was called off or has no role takes no place.
    let asked = mission(&planner, &one, "asked", 8, &[("son", json!(1))]).await;
    for status in ["INVITED", "DECLINED", "CANCELLED"] {
        on(&planner, &asked, None, status).await;
    }
    let half = mission(&planner, &one, "half", 9, &[("son", json!(1)), ("plateau", json!(2))]).await;
    on(&planner, &half, Some("son"), "ACCEPTED").await;
    on(&planner, &half, Some("plateau"), "ACCEPTED").await;
    on(&planner, &half, None, "ACCEPTED").await;
    let full = mission(&planner, &one, "full", 10, &[("son", json!(1)), ("plateau", json!(null))]).await;
    on(&planner, &full, Some("son"), "ACCEPTED").await;
    let also_full = mission(&planner, &two, "also full", 11, &[("son", json!(2))]).await;
    on(&planner, &also_full, None, "ACCEPTED").await;
    on(&planner, &also_full, None, "ACCEPTED").await;
    // Nobody is needed by number.
    let any = mission(&planner, &two, "any number", 12, &[("son", json!(null))]).await;
    on(&planner, &any, None, "ACCEPTED").await;
    mission(&planner, &two, "no roles", 13, &[]).await;
    for (title, hour) in [("called off", 14), ("called off full", 15)] {
        let off = mission(&planner, &two, title, hour, &[("son", json!(1))]).await;
        if hour == 15 {
            on(&planner, &off, None, "ACCEPTED").await;
        }
        planner.post_empty(&format!("/missions/{off}:cancel")).await.ok();
    }
    let theirs = test.other_owner().await;
    let elsewhere = theirs.project("Ailleurs").await;
    mission(&theirs, &elsewhere, "theirs", 8, &[("son", json!(1))]).await;

    for (query, wanted) in [
        ("staffing=open".into(), vec!["asked", "half"]),
        ("staffing=full".into(), vec!["full", "also full"]),
        ("staffing=open&staffing=full".into(), vec!["asked", "half", "full", "also full"]),
        (format!("staffing=full&project_id={two}"), vec!["also full"]),
        ("staffing=open&from=2026-07-10T09:00:00Z".into(), vec!["half"]),
        ("staffing=full&to=2026-07-10T11:00:00Z&status=open&q=full".into(), vec!["full"]),
        ("staffing=open&status=cancelled".into(), vec![]),
    ] {
        assert_eq!(titles(&tech, &query).await, wanted, "{query}");
    }
    let first = tech.get("/missions?staffing=open&limit=1").await;
    let second = tech.get(&first.next_page().expect("a next page")).await;
    assert_eq!((&first.ok()[0]["title"], &second.ok()[0]["title"]), (&json!("asked"), &json!("half")));
    assert_eq!(second.next_page(), None);
    assert_eq!(tech.get("/missions?staffing=none").await.wrong_members(), ["/staffing"]);
}

#[rstest]
#[tokio::test]
async fn an_answer_moves_a_mission_from_open_to_full_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let project = planner.project("Un").await;
    let concert = mission(&planner, &project, "Concert", 8, &[("son", json!(1))]).await;
    let asked = on(&planner, &concert, None, "INVITED").await;
    let (link, token) = planner.invitation(&asked).await;
    let both = async || (titles(&planner, "staffing=open").await, titles(&planner, "staffing=full").await);
    let open = (vec!["Concert".to_owned()], Vec::new());
    let full = (Vec::new(), vec!["Concert".to_owned()]);
    assert_eq!(both().await, open);
    // Kept until then.
    assert_eq!(planner.get("/missions?staffing=open").await.header("x-cache"), "HIT");
    test.anonymous().post_empty(&format!("/invitations/{link}/accept?token={token}")).await.ok();
    assert_eq!(both().await, full);
    let roles = json!({ "roles": [{ "role_name": "son", "quota": 2 }] });
    planner.patch(&format!("/missions/{concert}"), roles).await.ok();
    assert_eq!(both().await, open);
    on(&planner, &concert, None, "ACCEPTED").await;
    assert_eq!(both().await, full);
    planner.delete(&format!("/assignments/{asked}")).await.ok();
    assert_eq!(both().await, open);
}

fn rows(coverage: &Json, names: [&str; 2]) -> Vec<Json> {
    let shown = |row: &Json| {
        json!([row[names[0]], row["missions"], row["needed"], row["invited"], row["accepted"], row["open"]])
    };
    let rows = coverage["rows"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row[names[1]].is_null()), "{coverage}");
    rows.iter().map(shown).collect()
}

#[rstest]
#[tokio::test]
async fn coverage_counts_places_and_people_by_day_and_by_role(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (project, other) = (planner.project("Tournée").await, planner.project("Autre").await);
    let quotas = [("Son", json!(2)), ("plateau", json!(null))];
    let first = mission(&planner, &project, "first", 8, &quotas).await;
    on(&planner, &first, Some("son"), "ACCEPTED").await;
    for status in ["INVITED", "DECLINED", "CANCELLED"] {
        on(&planner, &first, Some("son"), status).await;
    }
    on(&planner, &first, Some("plateau"), "ACCEPTED").await;
    on(&planner, &first, None, "ACCEPTED").await;
    on(&planner, &first, None, "INVITED").await;
    // It lasts until the next day, and counts on this one.
    let night = json!({
        "title": "night", "project_id": project, "roles": [{ "role_name": "SON", "quota": 3 }],
        "start_at": "2026-07-10T21:59:00Z", "end_at": "2026-07-11T04:00:00Z",
    });
    planner.post("/missions", night).await.ok();
    // In Paris this is the 11th, whatever zone the mission is in.
    let late = json!({
        "title": "late", "project_id": project, "timezone": "America/New_York",
        "start_at": "2026-07-10T22:00:00Z", "end_at": "2026-07-10T23:00:00Z",
    });
    planner.post("/missions", late).await.ok();
    let off = mission(&planner, &project, "off", 9, &[("son", json!(5))]).await;
    planner.post_empty(&format!("/missions/{off}:cancel")).await.ok();
    mission(&planner, &other, "elsewhere", 8, &[("son", json!(7))]).await;

    let path = format!("/projects/{project}/coverage");
    let by_day = planner.get(&path).await.ok();
    assert_eq!(
        rows(&by_day, ["day", "role_name"]),
        [json!(["2026-07-10", 2, 5, 2, 3, 4]), json!(["2026-07-11", 1, null, 0, 0, null]),]
    );
    assert_eq!((&by_day["by"], &by_day["timezone"]), (&json!("day"), &json!("Europe/Paris")));
    assert_eq!(by_day["project_id"], json!(project));
    let by_role = planner.get(&format!("{path}?by=role")).await.ok();
    assert_eq!(
        rows(&by_role, ["role_name", "day"]),
        [
            json!(["plateau", 1, null, 0, 1, null]),
            json!(["Son", 2, 5, 1, 1, 4]),
            json!([null, 2, null, 1, 1, null]),
        ]
    );
    let total = json!({
        "day": null, "role_name": null, "missions": 3, "needed": 5, "invited": 2, "accepted": 3, "open": 4,
    });
    assert_eq!((&by_day["total"], &by_role["total"]), (&total, &total));
    for (query, missions) in [
        ("from=2026-07-10T21:59:00Z", 2),
        ("from=2026-07-10T21:59:01Z", 1),
        ("to=2026-07-10T22:00:00Z", 2),
        ("from=2026-07-10T08:00:00Z&to=2026-07-10T08:00:01Z&by=role", 1),
        ("from=2026-07-12T00:00:00Z", 0),
    ] {
        assert_eq!(
            planner.get(&format!("{path}?{query}")).await.ok()["total"]["missions"],
            missions,
            "{query}"
        );
    }
    // In UTC all of it is one day.
    test.owner().await.patch("/orgs/current", json!({ "timezone": "UTC" })).await.ok();
    let utc = planner.get(&path).await.ok();
    assert_eq!(rows(&utc, ["day", "role_name"]), [json!(["2026-07-10", 3, 5, 2, 3, 4])]);
}

#[rstest]
#[tokio::test]
async fn coverage_is_for_planners_and_also_of_archived_projects(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let project = planner.project("Tournée").await;
    let path = format!("/projects/{project}/coverage");
    mission(&planner, &project, "first", 8, &[("son", json!(2))]).await;
    planner.patch(&format!("/projects/{project}"), json!({ "status": "ARCHIVED" })).await.ok();
    assert_eq!(planner.get(&path).await.ok()["total"]["open"], 2);
    test.tech().await.get(&path).await.refused(403, "forbidden");
    test.other_owner().await.get(&path).await.refused(404, "not_found");
    planner.get("/projects/01900000-0000-7000-8000-000000000000/coverage").await.refused(404, "not_found");
    for (query, wrong) in
        [("by=week", "/by"), ("from=x", "/from"), ("day=x", "/day"), ("by=day&by=role", "/by")]
    {
        assert_eq!(planner.get(&format!("{path}?{query}")).await.wrong_members(), [wrong]);
    }
    let empty = planner.project("Vide").await;
    let nothing = planner.get(&format!("/projects/{empty}/coverage")).await.ok();
    assert_eq!((&nothing["rows"], &nothing["total"]["needed"]), (&json!([]), &json!(null)));
}

#[rstest]
#[tokio::test]
async fn coverage_of_too_much_asks_for_a_shorter_period(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let project = planner.project("Saison").await;
    let roles: Vec<_> = (0..50).map(|i| json!({ "role_name": format!("role {i}"), "quota": 1 })).collect();
    // 401 missions with 50 roles each, one more than fits.
    for day in [10, 11, 12, 13, 14] {
        let count = if day == 14 { 1 } else { 100 };
        let mission = json!({
            "title": "Montage", "roles": roles, "start_at": format!("2026-07-{day}T08:00:00Z"),
            "end_at": format!("2026-07-{day}T12:00:00Z"),
        });
        let path = format!("/projects/{project}/missions:bulk_create");
        planner.post(&path, json!(vec![mission; count])).await.ok();
    }
    let path = format!("/projects/{project}/coverage");
    assert_eq!(planner.get(&path).await.wrong_members(), ["/to"]);
    let some = planner.get(&format!("{path}?to=2026-07-14T08:00:00Z")).await.ok();
    assert_eq!((&some["total"]["missions"], &some["total"]["needed"]), (&json!(400), &json!(20_000)));
}
