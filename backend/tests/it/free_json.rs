//! JSON in the database that somebody damaged from outside: it is shown as what it is, and takes nothing else with it: no
//! list, no log, and not its own repair.

use crate::support::{Kind, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// What a column of text may hold when it is not what this program writes.
const DAMAGED: [&str; 10] = [
    "not json",
    "",
    "[1]",
    "5",
    "null",
    r#"{"a":"#,
    r#"{"a":1e999}"#,
    r#"{"a":1,"a":2}"#,
    r#"{"a":0.10000000000000001}"#,
    "\u{1}\u{7f}é\u{1F3AD}\n",
];

/// The text as a literal of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The same, and on SQLite values that are no texts at all.
fn damaged_values(db: Kind) -> Vec<(String, String)> {
    let shown = |text: &str| text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let mut values: Vec<(String, String)> = DAMAGED.iter().map(|text| (literal(text), shown(text))).collect();
    let long = "€".repeat(5000);
    values.push((literal(&long), "€".repeat(1000)));
    if db == Kind::Sqlite {
        values.push(("x'6aff00'".into(), "j\u{fffd}\u{fffd}".into()));
        values.push(("CAST(x'6aff' AS TEXT)".into(), "j\u{fffd}".into()));
        values.push(("7".into(), "7".into()));
    }
    values
}

async fn person(owner: &Persona<'_>) -> String {
    let body = json!({ "name": "Nina Simone", "legal_ids": { "guso": 1 }, "documents": { "cni": 2 } });
    owner.post("/users", body).await.ok()["id"].as_str().unwrap().to_owned()
}

/// The condition that selects a row by its id.
fn is(db: Kind, id: &str) -> String {
    match db {
        Kind::Sqlite => format!("id = x'{}'", id.replace('-', "")),
        Kind::Postgres => format!("id = '{id}'"),
    }
}

#[rstest]
#[tokio::test]
async fn a_damaged_person_is_shown_as_such_and_can_be_planned_and_mended(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let mission = owner.mission("Montage", "08:00", "12:00").await;
    for (value, shown) in damaged_values(db) {
        let id = person(&owner).await;
        let (path, of_person) = (format!("/users/{id}"), is(db, &id));
        let damage = async || {
            test.execute(&format!(
                "UPDATE users SET legal_ids = {value}, documents = {value}, rate_profile = {value} WHERE {of_person}"
            ))
            .await;
        };
        let stored = async || {
            let sql = format!(
                "SELECT count(*) AS n FROM users WHERE {of_person} AND legal_ids = {value} AND documents = {value}"
            );
            test.count(&sql).await
        };
        damage().await;
        let seen = json!({ "unreadable": shown });

        let listed = owner.get("/users?limit=1000").await.ok();
        let listed = listed.as_array().unwrap().iter().find(|one| one["id"] == json!(id)).unwrap().clone();
        assert_eq!((&listed["legal_ids"], &listed["documents"]), (&seen, &seen), "{value}");
        let read = owner.get(&path).await;
        assert_eq!(read.ok(), listed, "{value}");
        assert_eq!(owner.get(&format!("{path}/profile")).await.ok()["rate_profile"], seen, "{value}");
        assert_eq!(owner.get(&format!("/rates/user/{id}")).await.ok()["rate_profile"], seen, "{value}");
        owner.assignment(&mission, &id).await;
        owner.get("/audit?limit=1000").await.ok();

        // What somebody else changes leaves it as it is, to be looked at.
        owner
            .clone()
            .with_header("if-match", read.header("etag"))
            .patch(&path, json!({ "phone": "1" }))
            .await
            .ok();
        owner.put(&format!("{path}/profile"), json!({ "bio": "x" })).await.ok();
        assert_eq!(stored().await, 1, "{value}");

        let mended = owner.patch(&path, json!({ "legal_ids": { "guso": 3, "unreadable": null } })).await.ok();
        assert_eq!((&mended["legal_ids"], &mended["documents"]), (&json!({ "guso": 3 }), &seen), "{value}");
        damage().await;
        assert_eq!(owner.patch(&path, json!({ "documents": null })).await.ok()["documents"], Json::Null);
        let whole = json!({ "name": "Nina Simone", "legal_ids": { "guso": 4 } });
        let mended = owner.put(&path, whole).await.ok();
        assert_eq!((&mended["legal_ids"], &mended["documents"]), (&json!({ "guso": 4 }), &Json::Null));
        let rates = json!({ "rate_profile": { "jour": 250 } });
        assert_eq!(owner.put(&format!("/rates/user/{id}"), rates.clone()).await.ok(), rates);
        damage().await;
        owner.put(&format!("{path}/profile"), rates.clone()).await.ok();
        assert_eq!(owner.get(&format!("/rates/user/{id}")).await.ok(), rates, "{value}");

        let gone = person(&owner).await;
        test.execute(&format!(
            "UPDATE users SET legal_ids = {value}, rate_profile = {value} WHERE {}",
            is(db, &gone)
        ))
        .await;
        owner.delete(&format!("/users/{gone}")).await.ok();
        owner.get("/audit?limit=1000").await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn a_technician_with_damaged_rates_changes_their_profile_and_leaves_them(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let tech = test.tech().await;
    let of_person = is(db, &test.tech_user.to_string());
    test.execute(&format!("UPDATE users SET rate_profile = 'jour: 250' WHERE {of_person}")).await;
    let path = format!("/users/{}/profile", test.tech_user);
    let changed = tech.put(&path, json!({ "bio": "Nuits de préférence" })).await.ok();
    assert_eq!(changed["rate_profile"], json!({ "unreadable": "jour: 250" }));
    let kept = format!("SELECT count(*) AS n FROM users WHERE {of_person} AND rate_profile = 'jour: 250'");
    assert_eq!(test.count(&kept).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_damaged_entry_of_the_audit_log_is_shown_as_such(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    admin.project("Festival").await;
    let id = |number: usize| match db {
        Kind::Sqlite => format!("x'019f000000007000800000000000{number:04x}'"),
        Kind::Postgres => format!("'019f0000-0000-7000-8000-00000000{number:04x}'::uuid"),
    };
    // What is legible is shown as it is, also where this program would not have written it.
    let legible = ["1e999", "0.10000000000000001"];
    let is_legible =
        |value: &str| legible.iter().any(|number| value.contains(number)) || value.contains(r#""a":2"#);
    let values: Vec<_> = damaged_values(db).into_iter().filter(|(value, _)| !is_legible(value)).collect();
    for (number, (value, _)) in values.iter().enumerate() {
        test.execute(&format!(
            "INSERT INTO audit_log (id, org_id, actor_kind, actor_id, action, object_type, object_id, request_id, created_at)
            SELECT {}, org_id, actor_kind, actor_id, 'damaged.{number}', 'damaged', object_id, request_id, created_at
            FROM audit_log WHERE action = 'project.create'",
            id(number),
        ))
        .await;
        test.execute(&format!(
            "INSERT INTO audit_details (org_id, audit_id, before, after, created_at)
            SELECT org_id, id, NULL, {value}, 0 FROM audit_log WHERE id = {}",
            id(number),
        ))
        .await;
    }
    let log = admin.get("/audit?limit=1000").await.ok();
    for (number, (value, shown)) in values.iter().enumerate() {
        let action = format!("damaged.{number}");
        let entry = log.as_array().unwrap().iter().find(|entry| entry["action"] == action).unwrap();
        assert_eq!(
            (&entry["before"], &entry["after"]),
            (&Json::Null, &json!({ "unreadable": shown })),
            "{value}"
        );
    }
    assert!(log.as_array().unwrap().iter().any(|entry| entry["action"] == "project.create"));
}

/// Members by whose names the parser of this program tells itself what comes: to clients they are names like any other.
#[rstest]
#[tokio::test]
async fn a_member_may_be_named_like_a_parsers_own_mark(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let mission = owner.mission("Montage", "08:00", "12:00").await;
    for mark in ["$serde_json::private::RawValue", "$serde_json::private::Number"] {
        for value in [r#""not json""#, "\"[1]\"", "\"12\"", "7", "null"] {
            let body = format!(r#"{{"name":"Nina","legal_ids":{{"{mark}":{value}}}}}"#);
            let created = owner.send(axum::http::Method::POST, "/users", Some(body)).await;
            assert_eq!(created.status, 200, "{}", created.text);
            let wanted = format!(r#""legal_ids":{{"{mark}":{value}}}"#);
            assert!(created.text.contains(&wanted), "{}", created.text);
            let (_, rest) = created.text.split_once(r#""id":""#).unwrap();
            let id = &rest[..36];
            let read = owner.get(&format!("/users/{id}")).await;
            assert_eq!(read.text, created.text);
            owner.assignment(&mission, id).await;
            let rates = format!(r#"{{"rate_profile":{{"{mark}":250}}}}"#);
            let path = format!("/rates/user/{id}");
            assert_eq!(owner.send(axum::http::Method::PUT, &path, Some(rates.clone())).await.text, rates);
            assert_eq!(owner.get(&path).await.text, rates);
        }
    }
    assert_eq!(owner.get("/users?limit=1000").await.status, 200);
    assert_eq!(owner.get("/audit?limit=1000").await.status, 200);
}
