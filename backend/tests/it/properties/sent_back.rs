//! What `GET` shows can be sent back: a `PUT` or `PATCH` of it changes nothing, whatever the object holds. A member that
//! can only be read is refused where it differs.

use super::for_all;
use crate::operations::{House, operations};
use crate::support::{Kind, Persona, Test};
use proptest::{collection::vec, option, prelude::*, sample::select};
use rstest::rstest;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use uuid::Uuid;

fn text() -> impl Strategy<Value = Option<String>> {
    option::of("[a-zé][a-z ’-]{0,20}[a-z]")
}

/// Members by their names; those without a value are left out.
fn object(members: Vec<(&str, Option<Json>)>) -> Json {
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect::<Map<_, _>>()
        .into()
}

fn path_of(list: &str, object: &Json) -> String {
    format!("/{list}/{}", object["id"].as_str().expect("an id"))
}

/// Sends an object back in both ways, then with each of `read_only` changed.
async fn send_back(test: &Test, who: &Persona<'_>, path: &str, methods: &[&str], read_only: &[&str]) {
    let shown = who.get(path).await.ok();
    let audited = test.audit_count().await;
    let again = async |method: &str, body: Json| match method {
        "PUT" => who.put(path, body).await,
        _ => who.patch(path, body).await,
    };
    test.pass_seconds(1);
    for method in methods {
        assert_eq!(again(method, shown.clone()).await.ok(), shown, "{method} {path}");
        for member in read_only {
            assert!(shown.get(member).is_some(), "GET {path} does not show {member}: {shown}");
            for other in
                [json!("2001-01-01T00:00:00Z"), json!(Uuid::from_u128(7)), json!({}), json!(true), Json::Null]
            {
                if other == shown[member] {
                    continue;
                }
                let mut changed = shown.clone();
                changed[member] = other;
                let refused = again(method, changed).await;
                refused.refused(400, "read_only");
                assert_eq!(refused.wrong_members(), [format!("/{member}")], "{method} {path}");
            }
        }
        let mut unknown = shown.clone();
        unknown["org_id"] = json!(test.org);
        assert_eq!(
            again(method, unknown).await.refused(400, "validation_failed")["errors"][0]["code"],
            "unknown"
        );
    }
    assert_eq!(who.get(path).await.ok(), shown);
    assert_eq!(test.audit_count().await, audited, "{path}: nothing changed");
}

const BOTH: [&str; 2] = ["PUT", "PATCH"];

fn level() -> impl Strategy<Value = Option<i64>> {
    option::of(1..=5_i64)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_person(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let skills = vec((select(vec!["son", "Lumière", "plateau", "a/b", "~"]), level()), 0..4);
    let details =
        (text(), text(), option::of(Just(json!({ "ssn": "1 90", "n": 1.5 }))), any::<bool>(), any::<bool>());
    for_all(
        12,
        (text(), "[A-ZÉ][a-z]{0,9}( [A-Z][a-z]+)?", skills, details),
        async |(first, last, skills, details)| {
            let (phone, bio, legal_ids, active, tagged) = details;
            let mut named = BTreeSet::new();
            let skills: Vec<_> = skills
                .into_iter()
                .filter(|(skill, _)| named.insert(*skill))
                .map(|(skill, level)| {
                    level.map_or(json!(skill), |level| json!({ "skill": skill, "level": level }))
                })
                .collect();
            let whole = match &first {
                Some(_) => {
                    vec![("first_name", first.clone().map(Json::from)), ("last_name", Some(json!(last)))]
                }
                None => vec![("name", Some(json!(last)))],
            };
            let rest = vec![
                ("skills", Some(json!(skills))),
                ("tags", tagged.then(|| json!(["vivier", "Nuit"]))),
                ("phone", phone.map(Json::from)),
                ("bio", bio.map(Json::from)),
                ("locale", tagged.then(|| json!("en-US"))),
                ("legal_ids", legal_ids),
                ("active", Some(json!(active))),
            ];
            let created = manager.post("/users", object([whole, rest].concat())).await.ok();
            let path = path_of("users", &created);
            send_back(&test, &manager, &path, &BOTH, &["id", "account_id", "created_at", "updated_at"]).await;
            let profile = format!("{path}/profile");
            let daily = manager.get(&profile).await.ok();
            manager.put(&profile, daily).await.ok();
            send_back(&test, &manager, &profile, &["PUT"], &[]).await;
        },
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_project_a_mission_and_its_people(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let number = std::cell::Cell::new(0);
    let roles = vec((select(vec!["son", "Lumière", "plateau"]), option::of(1..9_i64)), 0..4);
    let mission =
        (text(), text(), option::of(select(vec!["Europe/Paris", "Asia/Kolkata"])), any::<bool>(), roles);
    for_all(10, (text(), any::<bool>(), 1..40_i64, mission), async |(note, archived, hours, mission)| {
        number.set(number.get() + 1);
        let status = if archived { "ARCHIVED" } else { "ACTIVE" };
        let body = object(vec![
            ("name", Some(json!(format!("Projet {}", number.get())))),
            ("starts_at", archived.then(|| json!("2026-07-01T02:00:00+02:00"))),
            ("note", note.map(Json::from)),
        ]);
        let project = manager.post("/projects", body).await.ok();
        let (location, note, timezone, in_project, roles) = mission;
        let mut named = BTreeSet::new();
        let roles: Vec<_> = roles
            .into_iter()
            .filter(|(name, _)| named.insert(*name))
            .map(|(name, quota)| json!({ "role_name": name, "quota": quota }))
            .collect();
        let start = "2026-07-10T08:00:00Z".parse::<jiff::Timestamp>().expect("an instant");
        let start = start + jiff::ToSpan::hours(100 * number.get());
        let body = object(vec![
            ("title", Some(json!("Montage"))),
            ("start_at", Some(json!(start.to_string()))),
            ("end_at", Some(json!((start + jiff::ToSpan::hours(hours)).to_string()))),
            ("location", location.map(Json::from)),
            ("note", note.map(Json::from)),
            ("timezone", timezone.map(Json::from)),
            ("project_id", in_project.then(|| project["id"].clone())),
            ("roles", Some(json!(roles))),
        ]);
        let mission = manager.post("/missions", body).await.ok();
        let user = manager.user("Zoé").await;
        let new = json!({
            "mission_id": mission["id"], "user_id": user, "status": "ACCEPTED", "role_name": roles.first().map(|role| role["role_name"].clone()),
        });
        let assignment = manager.post("/assignments", new).await.ok();
        assert_eq!(
            assignment["role_name"],
            roles.first().map_or(Json::Null, |role| role["role_name"].clone())
        );
        assert_eq!(assignment["location"], mission["location"]);
        let at = path_of("projects", &project);
        manager.patch(&at, json!({ "status": status })).await.ok();
        send_back(&test, &manager, &at, &BOTH, &["id", "created_at", "updated_at"]).await;
        let at = path_of("missions", &mission);
        send_back(&test, &manager, &at, &BOTH, &["id", "cancelled_at", "created_at", "updated_at"]).await;
        let mut counted = manager.get(&at).await.ok();
        if !roles.is_empty() {
            counted["roles"][0]["accepted"] = json!(7);
            counted["roles"][0]["invited"] = json!(7);
            let refused = manager.put(&at, counted).await;
            refused.refused(400, "read_only");
            assert_eq!(refused.wrong_members(), ["/roles/0/invited", "/roles/0/accepted"]);
        }
        let at = path_of("assignments", &assignment);
        let read_only = [
            "id",
            "mission_id",
            "user_id",
            "mission_role_id",
            "status",
            "decline_reason",
            "conflict_override",
            "mission_title",
            "project_title",
            "location",
            "user_name",
            "start_at",
            "end_at",
            "created_at",
            "updated_at",
        ];
        send_back(&test, &manager, &at, &["PATCH"], &read_only).await;
    });
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_availability_an_org_a_member_and_rates(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, owner) = (test.manager().await, test.owner().await);
    for_all(6, (text(), 1..700_i64, 0..100_000_i64), async |(note, hours, cents)| {
        let user = manager.user("Zoé").await;
        let start = "2026-07-10T08:00:00Z".parse::<jiff::Timestamp>().expect("an instant");
        let body = object(vec![
            ("user_id", Some(json!(user))),
            ("start_at", Some(json!(start.to_string()))),
            ("end_at", Some(json!((start + jiff::ToSpan::hours(hours)).to_string()))),
            ("note", note.map(Json::from)),
        ]);
        let availability = manager.post("/availabilities", body).await.ok();
        for list in ["availabilities", "availability"] {
            send_back(&test, &manager, &path_of(list, &availability), &BOTH, &["id", "user_id", "status"])
                .await;
        }
        let rates = format!("/rates/user/{user}");
        let daily = f64::from(i32::try_from(cents).expect("few")) / 100.0;
        manager.put(&rates, json!({ "rate_profile": { "jour": daily } })).await.ok();
        send_back(&test, &manager, &rates, &["PUT"], &[]).await;
    });
    send_back(&test, &owner, "/orgs/current", &["PATCH"], &["id", "created_at", "updated_at"]).await;
    let members = owner.get("/orgs/members").await.ok();
    for member in members["members"].as_array().expect("members") {
        let path = format!("/orgs/members/{}", member["account_id"].as_str().expect("an id"));
        let audited = test.audit_count().await;
        assert_eq!(owner.patch(&path, member.clone()).await.ok(), *member);
        assert_eq!(test.audit_count().await, audited);
        let mut changed = member.clone();
        changed["email"] = json!("somebody@else.example");
        changed["pending"] = json!(!member["pending"].as_bool().expect("a flag"));
        assert_eq!(owner.patch(&path, changed).await.wrong_members(), ["/email", "/pending"]);
    }
}

/// A person sees what only planners set, and sends it back with what is theirs.
#[rstest]
#[tokio::test]
async fn ones_own_profile(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let path = format!("/users/{}/profile", test.tech_user);
    let planned = json!({
        "skills": ["son"], "skill_levels": { "son": 5 }, "tags": ["vivier", "Nuit"], "employment_type": "CDD",
        "rate_profile": { "jour": 250 },
    });
    manager.put(&path, planned).await.ok();
    let shown = tech.get(&path).await.ok();
    assert_eq!(shown["skill_levels"], json!({ "son": 5 }));
    let audited = test.audit_count().await;
    assert_eq!(tech.put(&path, shown.clone()).await.ok(), shown);
    assert_eq!(test.audit_count().await, audited);
    let mut changed = shown.clone();
    changed["bio"] = json!("Depuis 1999");
    changed["locale"] = json!("en");
    assert_eq!(tech.put(&path, changed.clone()).await.ok(), changed);
    for (member, value) in [
        ("tags", json!(["vivier"])),
        ("employment_type", json!("CDI")),
        ("rate_profile", json!({ "jour": 999 })),
        ("user_id", json!(Uuid::from_u128(7))),
    ] {
        let mut more = changed.clone();
        more[member] = value;
        let refused = tech.put(&path, more).await;
        refused.refused(400, "read_only");
        assert_eq!(refused.wrong_members(), [format!("/{member}")]);
    }
    assert_eq!(tech.get(&path).await.ok(), changed);
}

/// What follows from other members gives way to what was changed.
#[rstest]
#[tokio::test]
async fn one_member_of_what_was_shown_may_change(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let long = "é".repeat(200);
    let names = [("Anne Marie", "Roy"), ("", "Zoé"), (&*long, &*long)];
    for (first, last) in names {
        let body = json!({ "first_name": first, "last_name": last, "skills": ["son", { "skill": "Lumière", "level": 5 }] });
        let path = path_of("users", &manager.post("/users", body).await.ok());
        for (member, value, changes) in [
            ("last_name", json!("Tellers"), json!({ "last_name": "Tellers" })),
            ("first_name", json!("Ada"), json!({ "first_name": "Ada" })),
            ("name", json!("Ada Lovelace"), json!({ "first_name": "Ada", "last_name": "Lovelace" })),
            (
                "skills",
                json!(["Lumière"]),
                json!({ "skills": ["Lumière"], "skill_levels": { "Lumière": 5 } }),
            ),
            (
                "skills",
                json!(["Lumière", "rigging"]),
                json!({ "skill_levels": { "Lumière": 5, "rigging": 3 } }),
            ),
            (
                "skill_levels",
                json!({ "Lumière": 1, "rigging": 3 }),
                json!({ "skill_levels": { "Lumière": 1, "rigging": 3 } }),
            ),
        ] {
            let mut form = manager.get(&path).await.ok();
            manager.patch(&path, json!({ "name": form["name"], "first_name": form["first_name"], "skills": form["skills"] })).await.ok();
            assert_eq!(manager.get(&path).await.ok(), form);
            form[member] = value;
            let changed = manager.put(&path, form).await.ok();
            for (name, value) in changes.as_object().expect("members") {
                assert_eq!(changed[name], *value, "{member}");
            }
        }
    }
    let body = json!({ "role": "son", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    let path = path_of("missions", &manager.post("/missions", body).await.ok());
    let mut form = manager.get(&path).await.ok();
    form["roles"][0]["role_name"] = json!("lumiere");
    let roles = |mission: Json| mission["roles"].as_array().expect("roles").len();
    let changed = manager.put(&path, form).await.ok();
    assert_eq!((&changed["role"], &changed["roles"][0]["role_name"]), (&json!("lumiere"), &json!("lumiere")));
    assert_eq!(roles(changed.clone()), 1);
    let mut form = changed;
    form["roles"]
        .as_array_mut()
        .expect("roles")
        .push(json!({ "role_name": "plateau", "quota": null, "invited": 0, "accepted": 0 }));
    assert_eq!(roles(manager.put(&path, form).await.ok()), 2);
}

/// Of whatever can be changed: what GET shows goes back by PUT and by PATCH, and changes nothing.
#[rstest]
#[tokio::test]
async fn what_is_shown_of_anything_can_be_sent_back(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let mut house = House::of_tech(&test, &owner);
    let mut sent = 0;
    for operation in operations().iter().filter(|one| matches!(one.method.as_str(), "PUT" | "PATCH")) {
        let address = house.fill(operation.declared.path()).await;
        let shown = owner.get(&address).await.ok();
        let answer = owner.send(operation.method.clone(), &address, Some(shown.to_string())).await;
        assert_eq!(answer.ok(), shown, "{}", operation.name());
        sent += 1;
    }
    assert!(sent >= 15, "{sent}");
}
