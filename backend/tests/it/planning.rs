//! The plan of a period: one state, complete, and never an old one.

use crate::support::{Kind, Outcome, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The days of the tests' missions.
const DAY: &str = "/planning?from=2026-07-10T00:00:00Z&to=2026-07-11T00:00:00Z";

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

fn all<'a>(plan: &'a Json, list: &str) -> &'a Vec<Json> {
    plan[list].as_array().expect("a list")
}

/// A member of each object of a list, in order.
fn each<'a>(plan: &'a Json, list: &str, member: &str) -> Vec<&'a str> {
    all(plan, list).iter().map(|one| one[member].as_str().expect("a text")).collect()
}

async fn plan(persona: &Persona<'_>, filters: &str) -> Json {
    persona.get(&format!("{DAY}{filters}")).await.ok()
}

async fn mission_in(planner: &Persona<'_>, project: &str, title: &str, (from, to): (&str, &str)) -> String {
    let mission = json!({
        "project_id": project, "title": title, "roles": [{ "role_name": "son", "quota": 2 }],
        "start_at": format!("2026-07-10T{from}:00Z"), "end_at": format!("2026-07-10T{to}:00Z"),
    });
    id(&planner.post("/missions", mission).await.ok())
}

async fn person(planner: &Persona<'_>, name: &str, skill: &str) -> String {
    let person =
        json!({ "name": name, "skills": [{ "skill": skill, "level": 4 }], "tags": ["intermittent"] });
    id(&planner.post("/users", person).await.ok())
}

async fn accepted(planner: &Persona<'_>, mission: &str, user: &str, reason: Option<&str>) -> String {
    let body =
        json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED", "override_reason": reason });
    id(&planner.post("/assignments", body).await.ok())
}

#[rstest]
#[tokio::test]
async fn the_plan_shows_what_overlaps_the_period(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (festival, tour) = (planner.project("Festival").await, planner.project("Tournée").await);
    let montage = mission_in(&planner, &festival, "Montage", ("08:00", "12:00")).await;
    let concert = mission_in(&planner, &festival, "Concert", ("11:00", "14:00")).await;
    let elsewhere = mission_in(&planner, &tour, "Balances", ("18:00", "20:00")).await;
    let off = mission_in(&planner, &tour, "Annulée", ("09:00", "10:00")).await;
    let (nina, ella) =
        (person(&planner, "Nina Simone", "Son").await, person(&planner, "Ella Fitzgerald", "plateau").await);
    let first = accepted(&planner, &montage, &nina, None).await;
    let second = accepted(&planner, &concert, &nina, Some("she insists")).await;
    let asked = planner.assignment(&elsewhere, &nina).await;
    let (invitation, _) = planner.invitation(&asked).await;
    let hers = planner.assignment(&concert, &ella).await;
    let declined = planner.assignment(&montage, &ella).await;
    let (link, token) = planner.invitation(&declined).await;
    let no = format!("/invitations/{link}/decline?token={token}");
    test.anonymous().post(&no, json!({ "reason": "on tour" })).await.ok();
    // What is called off is not there to be declined.
    let not_there = planner.assignment(&off, &nina).await;
    planner.post(&format!("/assignments/{not_there}:status"), json!({ "status": "DECLINED" })).await.ok();
    planner.post_empty(&format!("/missions/{off}:cancel")).await.ok();
    for (hour, verb) in [("06", None), ("15", Some("approve")), ("20", Some("reject"))] {
        let period = json!({ "user_id": ella, "start_at": format!("2026-07-10T{hour}:00:00Z"), "end_at": format!("2026-07-10T{hour}:59:00Z") });
        let declared = id(&planner.post("/availabilities", period).await.ok());
        if let Some(verb) = verb {
            planner.post_empty(&format!("/availabilities/{declared}:{verb}")).await.ok();
        }
    }
    // Another org's, another day's, and an archived project's.
    test.other_owner().await.mission("Ailleurs", "08:00", "12:00").await;
    let later =
        json!({ "title": "Demain", "start_at": "2026-07-11T00:00:00Z", "end_at": "2026-07-11T02:00:00Z" });
    planner.post("/missions", later).await.ok();
    let old = planner.project("Archive").await;
    let archived = mission_in(&planner, &old, "Archivée", ("06:00", "07:00")).await;
    accepted(&planner, &archived, &ella, None).await;
    planner.patch(&format!("/projects/{old}"), json!({ "status": "ARCHIVED" })).await.ok();

    let whole = plan(&planner, "").await;
    assert_eq!(each(&whole, "missions", "id"), [&*montage, &concert, &elsewhere]);
    assert!(all(&whole, "missions").iter().all(|mission| mission["matches"] == true));
    // As the mission itself says it.
    let mut shown = all(&whole, "missions")[1].clone();
    shown.as_object_mut().expect("an object").remove("matches");
    assert_eq!(shown, planner.get(&format!("/missions/{concert}")).await.ok());
    assert_eq!(shown["roles"][0]["invited"], 1);
    assert_eq!(each(&whole, "projects", "name"), ["Festival", "Tournée"]);
    let assignments = each(&whole, "assignments", "id");
    assert_eq!(
        assignments.iter().collect::<BTreeSet<_>>(),
        [&*first, &second, &asked, &hers].iter().collect()
    );
    let of = |id: &str| all(&whole, "assignments").iter().find(|one| one["id"] == *id).expect("it is shown");
    assert_eq!(of(&asked)["invitation"]["id"], json!(invitation));
    assert_eq!((&of(&hers)["invitation"], &of(&first)["invitation"]), (&Json::Null, &Json::Null));
    assert_eq!(of(&second)["conflict_override"], "she insists");
    let declines = json!([{ "mission_id": montage, "user_id": ella, "reason": "on tour" }]);
    assert_eq!(whole["declines"], declines);
    let names = each(&whole, "users", "name");
    assert!(names.contains(&"Nina Simone") && names.contains(&"Ella Fitzgerald"), "{names:?}");
    let shown = all(&whole, "users").iter().find(|user| user["id"] == *nina).expect("she is shown");
    assert_eq!((&shown["skill_levels"], &shown["tags"]), (&json!({ "Son": 4 }), &json!(["intermittent"])));
    assert_eq!(each(&whole, "availabilities", "status"), ["PENDING", "APPROVED"]);
    let conflict = json!([{
        "user_id": nina, "a1": first, "a2": second, "override_reason": "she insists",
        "overlap_start": "2026-07-10T11:00:00Z", "overlap_end": "2026-07-10T12:00:00Z",
    }]);
    assert_eq!(whole["conflicts"], conflict);

    // People who are chosen come with all that they are on; the counts are those of everybody.
    let sound = plan(&planner, "&skill=SON&tag=intermittent").await;
    assert_eq!(each(&sound, "users", "id"), [&*nina]);
    assert_eq!(each(&sound, "assignments", "user_id"), [&*nina; 3]);
    assert_eq!(all(&sound, "missions")[1]["roles"][0]["invited"], 1);
    assert!(all(&sound, "availabilities").is_empty());
    assert!(all(&sound, "declines").is_empty());
    assert_eq!(plan(&planner, &format!("&user_id={nina}")).await["users"], sound["users"]);
    // Missions that are chosen come with those that their people are on elsewhere.
    let festival_only = plan(&planner, &format!("&project_id={festival}")).await;
    let marks = all(&festival_only, "missions").iter().map(|one| one["matches"] == true).collect::<Vec<_>>();
    assert_eq!(
        (each(&festival_only, "missions", "id"), marks),
        (vec![&*montage, &concert, &elsewhere], vec![true, true, false])
    );
    let found = plan(&planner, &format!("&q=monta&user_id={ella}")).await;
    assert_eq!(each(&found, "missions", "title"), ["Montage", "Concert"]);
    assert_eq!(found["declines"], declines);
    // Whoever cannot be planned any more is shown while they are on something.
    planner.patch(&format!("/users/{ella}"), json!({ "active": false })).await.ok();
    assert!(each(&plan(&planner, "").await, "users", "id").contains(&&*ella));
    planner.post(&format!("/assignments/{hers}:status"), json!({ "status": "CANCELLED" })).await.ok();
    assert!(!each(&plan(&planner, "").await, "users", "id").contains(&&*ella));
}

#[rstest]
#[tokio::test]
async fn a_period_has_an_end_and_a_limit(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    test.tech().await.get(DAY).await.refused(403, "forbidden");
    let wrong = async |from: &str, to: &str| {
        planner.get(&format!("/planning?from={from}&to={to}")).await.wrong_members()
    };
    assert_eq!(wrong("2026-07-10T00:00:00Z", "2026-07-10T00:00:00Z").await, ["/to"]);
    assert_eq!(wrong("2026-07-11T00:00:00Z", "2026-07-10T00:00:00Z").await, ["/to"]);
    // Three months of summer and autumn, with a clock change in them.
    let quarter = "/planning?from=2026-08-01T00:00:00%2B02:00&to=2026-11-01T00:00:00%2B01:00";
    planner.get(quarter).await.ok();
    assert_eq!(wrong("2026-08-01T00:00:00Z", "2026-11-01T01:00:01Z").await, ["/to"]);
    assert_eq!(planner.get("/planning").await.wrong_members(), ["/from", "/to"]);
}

#[rstest]
#[tokio::test]
async fn availabilities_of_people_who_are_not_shown_do_not_count_for_the_limit(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let nina = person(&planner, "Nina Simone", "son").await;
    let ella = person(&planner, "Ella Fitzgerald", "plateau").await;
    for user in [&nina, &ella] {
        let period = json!({
            "user_id": user, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
            "note": if user == &ella { "many" } else { "one" },
        });
        planner.post("/availabilities", period).await.ok();
    }
    let new_id = match db {
        Kind::Sqlite => "randomblob(16)",
        Kind::Postgres => "gen_random_uuid()",
    };
    test.execute(&format!(
        "INSERT INTO availabilities (org_id, id, user_id, starts_at, ends_at, status, created_at, updated_at, kind)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        SELECT org_id, {new_id}, user_id, starts_at, ends_at, status, created_at, updated_at, kind
            FROM availabilities CROSS JOIN n WHERE note = 'many'"
    ))
    .await;
    assert_eq!(planner.get(DAY).await.wrong_members(), ["/to"]);
    for filter in [format!("&user_id={nina}"), "&skill=son".to_owned()] {
        assert_eq!(each(&plan(&planner, &filter).await, "availabilities", "user_id"), [&*nina], "{filter}");
    }
    planner.patch(&format!("/users/{ella}"), json!({ "active": false })).await.ok();
    assert_eq!(each(&plan(&planner, "").await, "availabilities", "user_id"), [&*nina]);
}

#[rstest]
#[tokio::test]
async fn a_plan_is_kept_until_anything_in_it_changes(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let read = async || {
        let answer = planner.get(DAY).await;
        let plan = answer.ok();
        (answer.header("x-cache").to_owned(), answer.header("etag").to_owned(), plan["version"].clone())
    };
    let project = planner.project("Festival").await;
    let mission = mission_in(&planner, &project, "Montage", ("08:00", "12:00")).await;
    let user = person(&planner, "Nina Simone", "son").await;
    let assignment = planner.assignment(&mission, &user).await;
    let (invitation, token) = planner.invitation(&assignment).await;
    let writes: Vec<(&str, String, Json)> = vec![
        ("PATCH", format!("/projects/{project}"), json!({ "name": "Festival d'été" })),
        ("PATCH", format!("/missions/{mission}"), json!({ "location": "Grande salle" })),
        ("PATCH", format!("/users/{user}"), json!({ "tags": ["cdi"] })),
        (
            "POST",
            "/availabilities".into(),
            json!({ "user_id": user, "start_at": "2026-07-10T06:00:00Z", "end_at": "2026-07-10T20:00:00Z" }),
        ),
        ("POST", format!("/invitations/{invitation}:remind"), json!({})),
        ("POST", format!("/invitations/{invitation}/accept?token={token}"), json!({})),
        ("PATCH", format!("/assignments/{assignment}"), json!({ "note": "bring boots" })),
        ("POST", format!("/missions/{mission}:cancel"), json!({})),
    ];
    let (_, mut tag, mut version) = read().await;
    for (method, path, body) in writes {
        let (found, same_tag, same) = read().await;
        assert_eq!((&*found, &same_tag, &same), ("HIT", &tag, &version), "before {path}");
        assert!(tag.starts_with("W/\""), "{tag}");
        let known = planner.clone().with_header("if-none-match", &tag).get(DAY).await;
        assert_eq!((known.status.as_u16(), &*known.text), (304, ""));
        // A mail server is not there: what is not sent is no failure here.
        let written = planner.send(method.parse().expect("a method"), &path, Some(body.to_string())).await;
        assert!(written.status.is_success(), "{path}: {}", written.text);
        let changed = planner.clone().with_header("if-none-match", &tag).get(DAY).await;
        assert_eq!((changed.status.as_u16(), changed.header("x-cache")), (200, "MISS"), "{path}");
        let (found, new_tag, new) = read().await;
        assert_eq!(found, "HIT");
        assert!(new_tag != tag && new != version, "{path}");
        (tag, version) = (new_tag, new);
    }
    // Nothing of another org's.
    test.other_owner().await.project("Ailleurs").await;
    assert_eq!(read().await, ("HIT".into(), tag, version));
}

/// What one answer says of itself is true whatever is written meanwhile: who is on a mission, how many, and which version it is.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_plan_is_one_state_under_writers(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let project = planner.project("Festival").await;
    let mut missions = Vec::new();
    for hour in 6..12 {
        let hours = (format!("{hour:02}:00"), format!("{:02}:00", hour + 1));
        missions.push(mission_in(&planner, &project, "Montage", (&hours.0, &hours.1)).await);
    }
    let mut people = Vec::new();
    for name in ["Ana", "Bob", "Cyd", "Dee"] {
        people.push(person(&planner, name, "son").await);
    }
    let write = async |writer: usize| {
        let planner = planner.clone();
        for turn in 0..12 {
            let (mission, user) = (&missions[(writer * 5 + turn) % 6], &people[(writer + turn) % 4]);
            let body = json!({ "mission_id": mission, "user_id": user });
            let created = planner.post("/assignments", body).await;
            if created.status.is_success() {
                let path = format!("/assignments/{}", id(&created.json()));
                match turn % 3 {
                    0 => drop(planner.delete(&path).await),
                    _ => drop(planner.post(&format!("{path}:status"), json!({ "status": "ACCEPTED" })).await),
                }
            } else if turn % 4 == 0 {
                let fresh = mission_in(&planner, &project, "Neuve", ("13:00", "14:00")).await;
                planner.assignment(&fresh, user).await;
            }
        }
    };
    let seen = tokio::sync::Mutex::new(HashMap::<String, String>::new());
    let read = async |reader: usize| {
        for turn in 0..25 {
            // A query that nobody sent before is made anew.
            let spaces = "%20".repeat(reader * 25 + turn + 1);
            let answer: Outcome = planner.get(&format!("{DAY}&q={spaces}")).await;
            check_one_state(&answer.ok());
            let version = answer.json()["version"].as_str().expect("a version").to_owned();
            let before = seen.lock().await.insert(version.clone(), answer.text.clone());
            assert!(
                before.is_none_or(|before| before == answer.text),
                "two states have the version {version}"
            );
        }
    };
    tokio::join!(write(0), write(1), write(2), read(0), read(1), read(2));
    assert!(seen.lock().await.len() > 3);
}

fn check_one_state(plan: &Json) {
    let ids = |list: &str| each(plan, list, "id").into_iter().collect::<BTreeSet<_>>();
    let (missions, users) = (ids("missions"), ids("users"));
    let mut counted: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for assignment in all(plan, "assignments") {
        let text = |member: &str| assignment[member].as_str().expect("a text");
        assert!(missions.contains(text("mission_id")) && users.contains(text("user_id")), "{assignment}");
        *counted.entry((text("mission_role_id"), text("status"))).or_default() += 1;
    }
    for role in all(plan, "missions").iter().flat_map(|mission| all(mission, "roles")) {
        for (member, status) in [("invited", "INVITED"), ("accepted", "ACCEPTED")] {
            let rows =
                counted.get(&(role["id"].as_str().expect("an id"), status)).copied().unwrap_or_default();
            assert_eq!(role[member], json!(rows), "{role}");
        }
    }
}
