use super::{NOBODY, each, id, walk};
use crate::support::{Kind, NOW, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

#[rstest]
#[tokio::test]
async fn a_user_has_the_documented_members(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let body = json!({
        "first_name": "Élodie", "last_name": "Bœuf", "email": "elodie@crew.example", "phone": "06 00", "employment_type": "CDD",
        "skills": ["son", { "skill": "lumiere", "level": 5 }], "tags": ["nuit"], "locale": "en",
    });
    let created = manager.post("/users", body).await.ok();
    let wanted = json!({
        "id": id(&created), "name": "Élodie Bœuf", "first_name": "Élodie", "last_name": "Bœuf", "email": "elodie@crew.example",
        "phone": "06 00", "bio": null, "locale": "en", "legal_ids": null, "documents": null, "employment_type": "CDD", "account_id": null, "active": true, "skills": ["lumiere", "son"],
        "skill_levels": { "lumiere": 5, "son": 3 }, "tags": ["nuit"], "created_at": NOW, "updated_at": NOW,
    });
    assert_eq!(created, wanted);
    assert_eq!(manager.get(&format!("/users/{}", id(&created))).await.ok(), wanted);
    assert!(test.audit("user.create").await.iter().any(|entry| entry.after == wanted));
    let short = manager.post("/users", json!({ "name": "Nina Simone" })).await.ok();
    assert_eq!((&short["first_name"], &short["last_name"]), (&json!("Nina"), &json!("Simone")));
    assert_eq!(
        (&short["email"], &short["locale"], &short["employment_type"]),
        (&Json::Null, &Json::Null, &json!("OTHER"))
    );
    test.other_owner().await.get(&format!("/users/{}", id(&created))).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn a_wrong_user_is_refused_and_leaves_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let before = (test.audit_count().await, test.count("SELECT count(*) AS n FROM users").await);
    for (body, wrong) in [
        (json!({}), "/name"),
        (json!({ "first_name": "Nina" }), "/last_name"),
        (json!({ "last_name": "Simone" }), "/first_name"),
        (json!({ "name": "Nina", "last_name": "Simone" }), "/name"),
        (json!({ "name": "Nina", "email": "nina" }), "/email"),
        (json!({ "name": "Nina", "employment_type": "cdd" }), "/employment_type"),
        (json!({ "name": "Nina", "skills": [{ "skill": "son", "level": 6 }] }), "/skills/0/level"),
        (json!({ "name": "Nina", "skills": ["son", "SON"] }), "/skills/1"),
        (json!({ "name": "Nina", "org_id": NOBODY }), "/org_id"),
    ] {
        assert_eq!(manager.post("/users", body.clone()).await.wrong_members(), [wrong], "{body}");
    }
    test.tech().await.post("/users", json!({ "name": "Nina" })).await.refused(403, "forbidden");
    assert_eq!((test.audit_count().await, test.count("SELECT count(*) AS n FROM users").await), before);
}

#[rstest]
#[tokio::test]
async fn users_are_listed_by_last_then_first_name_and_filtered(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for (first, last, email, skill, tag) in [
        ("Zoé", "Émile", "zz@crew.example", "son", "nuit"),
        ("Anna", "Emile", "a_b@crew.example", "lumiere", "jour"),
        ("Bob", "Dylan 100%", "bob@crew.example", "Lumière", "nuit"),
    ] {
        let body = json!({ "first_name": first, "last_name": last, "email": email, "skills": [skill], "tags": [tag] });
        manager.post("/users", body).await.ok();
    }
    test.rows("UPDATE users SET active = FALSE WHERE first_name = 'Bob'").await;
    for (query, names) in [
        ("", vec!["Bob", "Anna", "Zoé", "Théo"]),
        ("?q=EMILE", vec!["Anna", "Zoé"]),
        ("?q=zo%C3%89+%C3%A9m", vec!["Zoé"]),
        ("?q=%25", vec!["Bob"]),
        ("?q=_", vec!["Anna"]),
        ("?q=Bob@CREW", vec!["Bob"]),
        ("?skill=lumiere", vec!["Bob", "Anna"]),
        ("?skill=lumiere&skill=son", vec!["Bob", "Anna", "Zoé"]),
        ("?tag=jour", vec!["Anna"]),
        ("?tag=jour&tag=NUIT", vec!["Bob", "Anna", "Zoé"]),
        ("?tag=nuit&skill=son", vec!["Zoé"]),
        ("?active=false", vec!["Bob"]),
        ("?active=true", vec!["Anna", "Zoé", "Théo"]),
    ] {
        assert_eq!(each(&manager.get(&format!("/users{query}")).await.ok(), "first_name"), names, "{query}");
    }
    assert_eq!(manager.get("/users?name=x").await.wrong_members(), ["/name"]);
    assert_eq!(manager.get("/users?active=yes").await.wrong_members(), ["/active"]);
}

#[rstest]
#[tokio::test]
async fn pages_give_every_user_once_while_others_come(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for _ in 0..6 {
        manager.user("Jean Dupont").await;
    }
    let wanted = manager.get("/users").await.ok();
    let seen = walk(&manager, "/users?limit=2", async || {
        manager.user("Aaron Aaaa").await;
    })
    .await;
    assert_eq!(seen, each(&wanted, "id"));
}

#[rstest]
#[tokio::test]
async fn a_tech_sees_the_contacts_of_nobody_else(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let body =
        json!({ "name": "Nina Simone", "email": "secret@crew.example", "phone": "06 00", "skills": ["son"] });
    let nina = manager.post("/users", body).await.ok();
    test.rows("UPDATE users SET email = 'theo@crew.example', contact_search = 'theo@crew example' WHERE first_name = 'Théo'").await;
    let seen = tech.get(&format!("/users/{}", id(&nina))).await.ok();
    assert!(seen.get("email").is_none() && seen.get("phone").is_none(), "{seen}");
    assert_eq!(seen["skills"], json!(["son"]));
    let own = tech.get(&format!("/users/{}", test.tech_user)).await.ok();
    assert_eq!((own["email"].as_str(), own.get("phone")), (Some("theo@crew.example"), Some(&Json::Null)));
    let list = tech.get("/users").await.ok();
    assert!(!list.to_string().contains("secret@"), "{list}");
    assert_eq!(tech.get("/users?q=secret").await.ok(), json!([]));
    assert_eq!(each(&tech.get("/users?q=crew.example").await.ok(), "first_name"), ["Théo"]);
    assert_eq!(each(&manager.get("/users?q=secret").await.ok(), "first_name"), ["Nina"]);
}

#[rstest]
#[tokio::test]
async fn a_profile_is_replaced_as_a_whole(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let path = format!("/users/{user}/profile");
    let body = json!({ "skills": ["son"], "tags": ["nuit"], "employment_type": "CDI", "rate_profile": { "jour": 250.5, "heure": 0 }, "bio": "x", "locale": "en" });
    let first = manager.put(&path, body).await.ok();
    assert_eq!(
        (&first["rate_profile"], &first["locale"]),
        (&json!({ "heure": 0, "jour": 250.5 }), &json!("en"))
    );
    let second = manager.put(&path, json!({ "skills": [] })).await.ok();
    let wanted = json!({
        "user_id": user, "skills": [], "skill_levels": {}, "tags": [], "employment_type": "CDI", "rate_profile": null, "bio": null, "locale": null,
    });
    assert_eq!(second, wanted);
    assert_eq!(manager.get(&path).await.ok(), wanted);
    let entries = test.audit("user.profile").await;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().any(|entry| entry.before == first && entry.after == second));
    for rates in [
        json!({ "jour": -1 }),
        json!({ "jour": 1.001 }),
        json!({ "jour": 1_000_000.01 }),
        json!({ "jour": "250" }),
    ] {
        assert_eq!(
            manager.put(&path, json!({ "rate_profile": rates })).await.wrong_members(),
            ["/rate_profile/jour"],
            "{rates}"
        );
    }
    assert_eq!(test.audit("user.profile").await.len(), 2);
    manager.put(&format!("/users/{NOBODY}/profile"), json!({})).await.refused(404, "not_found");
}
