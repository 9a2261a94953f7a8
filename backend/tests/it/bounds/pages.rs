//! Lists of the largest items.

use super::{accept, missions, morning, numbered, wide};
use crate::support::{Kind, Persona, Test};
use coulisses::http::{MAX_PAGE_BYTES, MAX_URI_BYTES};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// Walks through a list by the largest pages that can be asked for: the first one ends early, and each item comes once.
/// Returns how many came.
async fn walk(reader: &Persona<'_>, list: &str) -> usize {
    let mut next = Some(format!("{list}{}limit=1000", if list.contains('?') { '&' } else { '?' }));
    let (mut seen, mut count, mut pages) = (BTreeSet::new(), 0, 0);
    while let Some(path) = next {
        let page = reader.get(&path).await;
        let list = page.ok();
        let items = ["conflicts", "members"].iter().find_map(|name| list.get(name)).unwrap_or(&list);
        let items = items.as_array().unwrap();
        count += items.len();
        seen.extend(items.iter().map(|item| format!("{}{}{}", item["id"], item["a1"], item["a2"])));
        next = page.next_page();
        pages += 1;
        if next.is_some() {
            assert!(
                items.len() < 1000 && page.text.len() > MAX_PAGE_BYTES * 9 / 10,
                "{path}: {}",
                items.len()
            );
        }
        assert!(page.text.len() <= MAX_PAGE_BYTES, "{path}: {}", page.text.len());
    }
    assert!(pages > 1, "{list} was not large");
    assert_eq!(seen.len(), count, "{list}: each item once");
    count
}

#[rstest]
#[tokio::test]
async fn pages_of_the_largest_people_end_early(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let words: Vec<_> = (0..100).map(|i| numbered(100, i)).collect();
    let person =
        json!({ "first_name": wide(200), "last_name": wide(200), "skills": words, "bio": wide(4500) });
    for _ in 0..45 {
        manager.post("/users", person.clone()).await.ok();
    }
    let path = format!("/users/{}", manager.post("/users", person).await.ok()["id"].as_str().unwrap());
    let details = json!({ "numéro": "x".repeat(8170) });
    for patch in [
        json!({ "tags": words, "bio": wide(5000) }),
        json!({ "email": format!("{}@b.example", wide(240)), "phone": wide(100) }),
        json!({ "legal_ids": details, "documents": details }),
    ] {
        manager.patch(&path, patch).await.ok();
    }
    let largest = manager.get(&path).await;
    assert!(largest.text.len() > 155 * 1000, "{}", largest.text.len());
    assert_eq!(walk(&manager, "/users").await, 47);

    let rates: serde_json::Map<_, _> = (0..50).map(|i| (numbered(100, i), json!(1_000_000))).collect();
    manager
        .put(
            &format!("/rates/user/{}", largest.json()["id"].as_str().unwrap()),
            json!({ "rate_profile": rates }),
        )
        .await
        .ok();
    let profile = manager.get(&format!("{path}/profile")).await;
    profile.ok();
    assert!(profile.text.len() > 155 * 1000, "{}", profile.text.len());
}

#[rstest]
#[tokio::test]
async fn pages_of_the_largest_missions_end_early(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let roles: Vec<_> = (0..50).map(|i| json!({ "role_name": numbered(100, i), "quota": 10_000 })).collect();
    let made = missions(&manager, 110, |number| {
        let mut mission = morning(number);
        mission["title"] = json!(numbered(200, number));
        mission["location"] = json!(wide(200));
        mission["note"] = json!(wide(5000));
        mission["roles"] = json!(roles);
        mission
    })
    .await;
    let largest = manager.get(&format!("/missions/{}", made[0])).await;
    let shown = largest.ok();
    assert!(largest.text.len() > 45 * 1000, "{}", largest.text.len());
    // Whatever is left out of the other rows, the first of a mission has it.
    assert_eq!((&shown["note"], &shown["location"]), (&json!(wide(5000)), &json!(wide(200))));
    assert_eq!(manager.get("/missions?limit=1").await.ok()[0]["note"], json!(wide(5000)));
    assert_eq!(walk(&manager, "/missions").await, 110);
}

#[rstest]
#[tokio::test]
async fn pages_of_the_largest_of_everything_else_end_early(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let calls = missions(&manager, 230, morning).await;
    let items: Vec<_> =
        calls.iter().map(|mission| json!({ "mission_id": mission, "user_id": user })).collect();
    manager.post("/assignments:bulk_create", json!(items)).await.ok();
    for number in 0..230 {
        manager.project(&format!("Saison {number}")).await;
        let body =
            json!({ "user_id": user, "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
        manager.post("/availabilities", body).await.ok();
    }
    // As long as they may be; sent one by one they would take a minute.
    for (table, column) in [("projects", "note"), ("availabilities", "note"), ("assignments", "note")] {
        test.execute(&format!("UPDATE {table} SET {column} = '{}'", wide(5000))).await;
    }
    assert_eq!(walk(&manager, "/assignments").await, 230);
    assert_eq!(walk(&manager, "/availabilities").await, 230);
    assert_eq!(walk(&manager, "/projects").await, 231);
}

#[rstest]
#[tokio::test]
async fn pages_of_the_largest_conflicts_end_early(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let calls = missions(&manager, 50, |number| {
        let mut mission = morning(number);
        mission["title"] = json!(numbered(200, number));
        mission["location"] = json!(wide(200));
        mission
    })
    .await;
    let person = json!({ "first_name": wide(200), "last_name": wide(200) });
    let user = manager.post("/users", person).await.ok()["id"].as_str().unwrap().to_owned();
    for mission in &calls {
        accept(&manager, mission, &user).await;
    }
    test.execute(&format!(
        "UPDATE assignments SET conflict_override = '{}' WHERE conflict_override IS NOT NULL",
        wide(500)
    ))
    .await;
    for list in ["/conflicts".to_owned(), format!("/conflicts/user/{user}")] {
        assert_eq!(walk(&manager, &list).await, 50 * 49 / 2);
    }
}

#[rstest]
#[tokio::test]
async fn a_next_link_is_one_that_can_be_followed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    // Each letter of these names folds to eighteen.
    for number in 0..3 {
        manager.user(&format!("{}{number}", "\u{fdfa}".repeat(199))).await;
    }
    let page = manager.get("/users?limit=1").await;
    page.ok();
    let next = page.next_page().expect("another page");
    assert!(next.len() < 1600, "{next}");
    manager.get(&next).await.ok();
    // With filters that leave no room for a cursor, the list says so at once.
    let filters = "&q=%EF%B7%BA&skill=x".to_owned() + &"&tag=x".repeat((MAX_URI_BYTES - 300) / 6);
    let whole = manager.get(&format!("/users?limit=1000{filters}")).await;
    assert_eq!(whole.ok(), json!([]), "nobody is found, and nothing follows");
    let crowded = format!("/missions?limit=1&{}", "status=open&".repeat((MAX_URI_BYTES - 100) / 12));
    for number in 0..2 {
        manager.mission(&format!("Montage {number}"), "08:00", "12:00").await;
    }
    manager.get(crowded.trim_end_matches('&')).await.refused(414, "uri_too_long");
}

/// An entry that an earlier release wrote can be larger than a page.
#[rstest]
#[tokio::test]
async fn an_audit_entry_without_bound_comes_alone(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let admin = test.admin().await;
    for number in 0..5 {
        admin.project(&format!("Saison {number}")).await;
        test.pass_seconds(1);
    }
    let (id, earlier) = match db {
        Kind::Sqlite => ("randomblob(16)", "x'019f00000000700080000000000000aa'"),
        Kind::Postgres => ("gen_random_uuid()", "'019f0000-0000-7000-8000-0000000000aa'"),
    };
    let org = match db {
        Kind::Sqlite => format!("x'{}'", test.org.0.simple()),
        Kind::Postgres => format!("'{}'", test.org),
    };
    let micros = test.clock.now().plus_seconds(-3).as_micros();
    test.execute(&format!(
        "INSERT INTO audit_log (id, org_id, actor_kind, action, object_type, object_id, created_at)
        VALUES ({earlier}, {org}, 'system', 'assignment.override', 'assignment', {id}, {micros})"
    ))
    .await;
    let large = json!({ "conflicts": vec!["x".repeat(1000); 5000] });
    test.execute(&format!(
        "INSERT INTO audit_details (org_id, audit_id, after, created_at) VALUES ({org}, {earlier}, '{large}', {micros})"
    ))
    .await;
    let (mut sizes, mut path) = (Vec::new(), Some("/audit?limit=1000".to_owned()));
    let (mut seen, count) = (BTreeSet::new(), test.count("SELECT count(*) AS n FROM audit_log").await);
    while let Some(here) = path {
        let page = admin.get(&here).await;
        let entries: Vec<Json> = page.ok().as_array().unwrap().clone();
        sizes.push(entries.len());
        seen.extend(entries.iter().map(|entry| entry["id"].to_string()));
        path = page.next_page();
    }
    assert!(sizes.len() == 3 && sizes[1] == 1, "{sizes:?}");
    let others = test
        .count(&format!("SELECT count(*) AS n FROM audit_log WHERE org_id <> {org} OR org_id IS NULL"))
        .await;
    assert_eq!(i64::try_from(seen.len()).unwrap(), count - others);
}
