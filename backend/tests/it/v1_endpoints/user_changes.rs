//! Changing, deactivating and deleting people.

use super::{NOBODY, each, id, members, with};
use crate::support::{Kind, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

const LATER: &str = "2026-07-01T08:01:00Z";

/// A person of whom everything is known.
fn whole() -> Json {
    json!({
        "first_name": "Élodie", "last_name": "Bœuf", "email": "elodie@example.org", "phone": "+33 6 12 34 56 78",
        "employment_type": "INTERMITTENT", "bio": "rigger", "skills": ["son", { "skill": "lumiere", "level": 4 }],
        "tags": ["vivier", "permis"], "active": true, "legal_ids": { "guso": "1" }, "documents": { "cni": { "until": 2030 } },
        "locale": "en-US",
    })
}

#[rstest]
#[tokio::test]
async fn put_replaces_a_person_and_what_is_missing_is_the_default(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let created = manager.post("/users", whole()).await.ok();
    let path = format!("/users/{}", id(&created));
    test.pass_seconds(60);
    let replaced = manager.put(&path, json!({ "name": "Zoé" })).await.ok();
    let wanted = with(
        &created,
        json!({
            "name": "Zoé", "first_name": "", "last_name": "Zoé", "email": null, "phone": null, "employment_type": "OTHER",
            "bio": null, "locale": null, "skills": [], "skill_levels": {}, "tags": [], "legal_ids": null, "documents": null, "updated_at": LATER,
        }),
    );
    assert_eq!(replaced, wanted);
    assert_eq!(manager.get(&path).await.ok(), wanted);
    let back = manager.put(&path, whole()).await.ok();
    assert_eq!(back, with(&created, json!({ "updated_at": LATER })));
    let entries = test.audit("user.update").await;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().any(|entry| (&entry.before, &entry.after) == (&created, &wanted)));
    for (query, found) in
        [("q=ELODIE%40", 1), ("q=boeuf", 1), ("q=zoe", 0), ("skill=son", 1), ("tag=vivier", 1)]
    {
        let listed = manager.get(&format!("/users?{query}")).await.ok();
        assert_eq!(listed.as_array().unwrap().len(), found, "{query}");
    }
}

#[rstest]
#[tokio::test]
async fn patch_changes_the_named_members_of_a_person_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mut now = manager.post("/users", whole()).await.ok();
    let path = format!("/users/{}", id(&now));
    test.pass_seconds(60);
    for (patch, change) in [
        (
            json!({ "first_name": "Elo" }),
            json!({ "first_name": "Elo", "name": "Elo Bœuf", "updated_at": LATER }),
        ),
        (json!({ "last_name": "Le Gall" }), json!({ "last_name": "Le Gall", "name": "Elo Le Gall" })),
        (
            json!({ "name": "Zoé du Pré" }),
            json!({ "first_name": "Zoé", "last_name": "du Pré", "name": "Zoé du Pré" }),
        ),
        (
            json!({ "first_name": "Jean Paul", "last_name": "Roy" }),
            json!({ "first_name": "Jean Paul", "last_name": "Roy", "name": "Jean Paul Roy" }),
        ),
        (json!({ "email": null, "phone": "112" }), json!({ "email": null, "phone": "112" })),
        (json!({ "employment_type": "CDD", "bio": null }), json!({ "employment_type": "CDD", "bio": null })),
        (
            json!({ "skills": ["Son", { "skill": "rigging", "level": 5 }] }),
            json!({ "skills": ["Son", "rigging"], "skill_levels": { "Son": 3, "rigging": 5 } }),
        ),
        (
            json!({ "skill_levels": { "son": 1 } }),
            json!({ "skills": ["Son", "rigging"], "skill_levels": { "Son": 1, "rigging": 5 } }),
        ),
        (
            json!({ "skills": ["Son", "rigging"], "skill_levels": { "son": 2 } }),
            json!({ "skills": ["Son", "rigging"], "skill_levels": { "Son": 2, "rigging": 5 } }),
        ),
        (json!({ "tags": null }), json!({ "tags": [] })),
        (json!({ "locale": "fr" }), json!({ "locale": "fr" })),
        (json!({ "locale": null }), json!({ "locale": null })),
        (json!({ "legal_ids": { "ss": "2", "guso": null } }), json!({ "legal_ids": { "ss": "2" } })),
        (json!({ "documents": null }), json!({ "documents": null })),
        (json!({ "name": "Zoé" }), json!({ "first_name": "", "last_name": "Zoé", "name": "Zoé" })),
        // Someone of one name.
        (json!({ "last_name": "Tellers" }), json!({ "last_name": "Tellers", "name": "Tellers" })),
        (json!({ "first_name": "", "last_name": "Zoé" }), json!({ "last_name": "Zoé", "name": "Zoé" })),
        (json!({ "phone": "113" }), json!({ "phone": "113" })),
        (json!({ "first_name": "Anna" }), json!({ "first_name": "Anna", "name": "Anna Zoé" })),
        (json!({ "name": "Zoé" }), json!({ "first_name": "", "last_name": "Zoé", "name": "Zoé" })),
        (
            json!({ "first_name": "Ella", "last_name": "Roy" }),
            json!({ "first_name": "Ella", "last_name": "Roy", "name": "Ella Roy" }),
        ),
    ] {
        now = with(&now, change);
        assert_eq!(manager.patch(&path, patch.clone()).await.ok(), now, "{patch}");
        assert_eq!(manager.get(&path).await.ok(), now, "{patch}");
    }
    assert_eq!(test.audit("user.update").await.len(), 21);
}

#[rstest]
#[tokio::test]
async fn a_change_of_a_person_to_what_they_are_changes_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let created = manager.post("/users", whole()).await.ok();
    let path = format!("/users/{}", id(&created));
    let jean = manager.post("/users", json!({ "first_name": "Jean Paul", "last_name": "Roy" })).await.ok();
    let zoe = manager.post("/users", json!({ "name": "Zoé" })).await.ok();
    let before = test.audit_count().await;
    test.pass_seconds(60);
    for same in [
        json!({}),
        json!({ "name": null }),
        json!({ "name": "Élodie Bœuf" }),
        json!({ "tags": ["permis", "vivier"] }),
        json!({ "skills": [{ "skill": "lumiere", "level": 4 }, "son"] }),
        json!({ "legal_ids": {} }),
        json!({ "account_id": null, "skill_levels": {} }),
        whole(),
    ] {
        assert_eq!(manager.patch(&path, same.clone()).await.ok(), created, "{same}");
    }
    assert_eq!(manager.put(&path, whole()).await.ok(), created, "the order of words means nothing");
    let patched = manager.patch(&format!("/users/{}", id(&jean)), json!({ "name": "Jean Paul Roy" })).await;
    assert_eq!(patched.ok(), jean, "the same name divides where it did");
    for same in [json!({}), json!({ "first_name": "" }), json!({ "name": "Zoé" })] {
        assert_eq!(manager.patch(&format!("/users/{}", id(&zoe)), same).await.ok(), zoe);
    }
    assert_eq!(test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn a_wrong_change_of_a_person_is_refused_and_leaves_them(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let created = manager.post("/users", whole()).await.ok();
    let path = format!("/users/{}", id(&created));
    let before = test.audit_count().await;
    for (patch, wrong) in [
        (json!({ "first_name": null }), "/first_name"),
        (json!({ "last_name": null }), "/last_name"),
        (json!({ "name": "" }), "/name"),
        (json!({ "name": "Zoé", "first_name": "Zoé" }), "/name"),
        (json!({ "email": "nobody" }), "/email"),
        (json!({ "employment_type": "BOSS" }), "/employment_type"),
        (json!({ "active": "yes" }), "/active"),
        (json!({ "skills": ["son", "SON"] }), "/skills/1"),
        (json!({ "skills": [{ "skill": "son", "level": 6 }] }), "/skills/0/level"),
        (json!({ "tags": ["a", "b", "A"] }), "/tags/2"),
        (json!({ "legal_ids": "1" }), "/legal_ids"),
        (json!({ "documents": { "x": "y".repeat(9000) } }), "/documents"),
        (json!({ "skill_levels": { "danse": 4 } }), "/skill_levels/danse"),
        (json!({ "skill_levels": { "son": 6 } }), "/skill_levels/son"),
        (json!({ "skill_levels": { "son": 99999 } }), "/skill_levels/son"),
        (json!({ "skill_levels": { "son": "x" } }), "/skill_levels/son"),
        (json!({ "skill_levels": { "Son": 2, "SON": 2 } }), "/skill_levels/Son"),
        (json!({ "skill_levels": [1] }), "/skill_levels"),
        (
            json!({ "skills": [{ "skill": "son", "level": 5 }], "skill_levels": { "SON": 4 } }),
            "/skill_levels/SON",
        ),
        (json!({ "account_id": "0197f000-0000-7000-8000-000000000000" }), "/account_id"),
        (json!({ "name": "Zoé du Pré", "first_name": "Zoé", "last_name": "Dupré" }), "/name"),
        (json!({ "rate_profile": { "jour": 250 } }), "/rate_profile"),
    ] {
        assert_eq!(manager.patch(&path, patch.clone()).await.wrong_members(), [wrong], "{patch}");
    }
    let zoe = format!("/users/{}", manager.user("Zoé").await);
    let before = before + 1;
    assert_eq!(manager.patch(&zoe, json!({ "last_name": null })).await.wrong_members(), ["/last_name"]);
    assert_eq!(manager.put(&path, json!({})).await.wrong_members(), ["/name"]);
    assert_eq!(
        manager.put(&path, json!({ "name": "Zoé", "active": null })).await.wrong_members(),
        ["/active"]
    );
    manager.patch(&format!("/users/{NOBODY}"), json!({})).await.refused(404, "not_found");
    let other = test.other_owner().await;
    other.patch(&path, json!({ "name": "x" })).await.refused(404, "not_found");
    other.delete(&path).await.refused(404, "not_found");
    let tech = test.tech().await;
    tech.patch(&format!("/users/{}", test.tech_user), json!({ "bio": "x" })).await.refused(403, "forbidden");
    tech.delete(&path).await.refused(403, "forbidden");
    assert_eq!(manager.get(&path).await.ok(), created);
    assert_eq!(test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn papers_are_for_planners_and_contacts_not_for_colleagues(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let created = manager.post("/users", whole()).await.ok();
    manager.put(&format!("/users/{}", test.tech_user), whole()).await.ok();
    let secrets = ["legal_ids", "documents"];
    let contacts = ["email", "phone", "bio", "locale"];
    let has = |user: &Json, names: &[&str]| names.iter().filter(|name| members(user).contains(name)).count();
    let listed = tech.get("/users").await.ok();
    let in_list = |id: &str| listed.as_array().unwrap().iter().find(|user| user["id"] == id).unwrap().clone();
    let (colleague, own) = (id(&created).to_owned(), test.tech_user.to_string());
    for seen in [tech.get(&format!("/users/{colleague}")).await.ok(), in_list(&colleague)] {
        assert_eq!((has(&seen, &secrets), has(&seen, &contacts)), (0, 0), "{seen}");
        assert_eq!(seen["skill_levels"], json!({ "lumiere": 4, "son": 3 }));
        assert_eq!(seen["tags"], json!(["permis", "vivier"]));
    }
    for seen in [tech.get(&format!("/users/{own}")).await.ok(), in_list(&own)] {
        assert_eq!((has(&seen, &secrets), has(&seen, &contacts)), (0, 4), "{seen}");
    }
    let seen = manager.get(&format!("/users/{colleague}")).await.ok();
    assert_eq!(
        (&seen["legal_ids"], &seen["documents"]),
        (&json!({ "guso": "1" }), &json!({ "cni": { "until": 2030 } }))
    );
}

#[rstest]
#[tokio::test]
async fn whoever_is_deactivated_keeps_their_calls_and_gets_no_new_ones(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let user = manager.user("Nina Simone").await;
    let path = format!("/users/{user}");
    let past =
        json!({ "title": "Hier", "start_at": "2026-06-30T08:00:00Z", "end_at": "2026-07-01T08:00:00Z" });
    let past = id(&manager.post("/missions", past).await.ok()).to_owned();
    let running =
        json!({ "title": "Nuit", "start_at": "2026-06-30T08:00:00Z", "end_at": "2026-07-01T08:00:01Z" });
    let running = id(&manager.post("/missions", running).await.ok()).to_owned();
    let (next, last) = (
        manager.mission("Montage", "08:00", "12:00").await,
        manager.mission("Concert", "20:00", "22:00").await,
    );
    let free = manager.mission("Balance", "14:00", "15:00").await;
    let mut asked = Vec::new();
    for mission in [&past, &last, &next, &running] {
        asked.push(manager.assignment(mission, &user).await);
    }
    let yes = json!({ "status": "ACCEPTED" });
    manager.post(&format!("/assignments/{}:status", asked[2]), yes.clone()).await.ok();
    let declined = manager.assignment(&free, &user).await;
    manager.post(&format!("/assignments/{declined}:status"), json!({ "status": "DECLINED" })).await.ok();
    let (invitation, token) = manager.invitation(&asked[1]).await;

    let answer = manager.patch(&path, json!({ "active": false })).await.ok();
    assert_eq!(answer["active"], false);
    let upcoming = &answer["upcoming_assignments"];
    assert_eq!(
        each(upcoming, "id"),
        [&asked[3], &asked[2], &asked[1]],
        "by start; what is over is not ahead"
    );
    assert_eq!(upcoming[1], manager.get(&format!("/assignments/{}", asked[2])).await.ok());
    let still = manager.patch(&path, json!({ "phone": "112" })).await.ok();
    assert!(still.get("upcoming_assignments").is_none(), "{still}");
    assert_eq!(manager.status_of(&asked[2]).await, "ACCEPTED");
    let before = test.audit_count().await;
    for status in ["INVITED", "ACCEPTED"] {
        let body = json!({ "mission_id": free, "user_id": user, "status": status });
        manager.post("/assignments", body).await.refused(409, "user_inactive");
        manager
            .post(&format!("/assignments/{declined}:status"), json!({ "status": status }))
            .await
            .refused(409, "user_inactive");
    }
    manager.post(&format!("/assignments/{}:status", asked[1]), yes).await.refused(409, "user_inactive");
    let bulk = json!([{ "mission_id": free, "user_id": user }]);
    manager.post("/assignments:bulk_create", bulk).await.refused(409, "user_inactive");
    manager.post("/invitations", json!({ "assignment_id": asked[1] })).await.refused(409, "user_inactive");
    manager
        .post("/invitations:bulk_create", json!([{ "assignment_id": asked[1] }]))
        .await
        .refused(409, "user_inactive");
    anyone
        .post_empty(&format!("/invitations/{invitation}/accept?token={token}"))
        .await
        .refused(409, "user_inactive");
    assert_eq!(test.audit_count().await, before);
    anyone.post_empty(&format!("/invitations/{invitation}/decline?token={token}")).await.ok();
    manager.patch(&path, json!({ "active": true })).await.ok();
    manager.post(&format!("/assignments/{declined}:status"), json!({ "status": "INVITED" })).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_person_without_history_goes_with_their_availabilities(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let created = manager.post("/users", whole()).await.ok();
    let path = format!("/users/{}", id(&created));
    let mut declared = Vec::new();
    for day in [10, 11] {
        let body = json!({ "user_id": id(&created), "start_at": format!("2026-07-{day}T00:00:00Z"), "end_at": format!("2026-07-{day}T12:00:00Z") });
        declared.push(manager.post("/availabilities", body).await.ok());
    }
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, id(&created)).await;
    manager.post(&format!("/assignments/{assignment}:status"), json!({ "status": "CANCELLED" })).await.ok();
    manager.delete(&path).await.refused(409, "user_has_history");
    assert_eq!(manager.get(&path).await.ok(), created);
    let kept = manager.get(&format!("/availabilities?user_id={}", id(&created))).await.ok();
    assert_eq!(kept.as_array().unwrap().len(), 2, "refused, nothing went");
    assert!(test.audit("availability.delete").await.is_empty());
    manager.delete(&format!("/assignments/{assignment}")).await.ok();

    assert_eq!(manager.delete(&path).await.ok(), json!({ "status": "ok" }));
    let entries = test.audit("user.delete").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].before, &entries[0].after), (&created, &Json::Null));
    let gone = test.audit("availability.delete").await;
    assert_eq!(gone.len(), 2);
    assert!(declared.iter().all(|declared| gone.iter().any(|entry| &entry.before == declared)));
    for table in ["availabilities", "user_skills", "user_tags"] {
        assert_eq!(test.count(&format!("SELECT count(*) AS n FROM {table}")).await, 0, "{table}");
    }
    manager.get(&path).await.refused(404, "not_found");
    manager.delete(&path).await.refused(404, "not_found");
    // Whose person is deleted still signs in, as nobody who can be planned.
    manager.delete(&format!("/users/{}", test.tech_user)).await.ok();
    let tech = test.tech().await;
    assert_eq!(tech.get("/auth/me").await.ok()["user_id"], Json::Null);
    assert_eq!(tech.get("/assignments").await.ok(), json!([]));
}
