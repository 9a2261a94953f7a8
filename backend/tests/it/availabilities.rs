//! Profiles and availabilities, as the brief's examples call them.

use crate::support::{Kind, Persona, Server, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// The bodies of the brief, word for word but for the id.
const PROFILE: &str = r#"{"skills":["lumiere"],"tags":["bobino"],"employment_type":"INTERMITTENT","rate_profile":{"jour":250}}"#;

fn period(user: &str) -> String {
    format!(r#"{{"user_id":"{user}","start_at":"2025-09-10T09:00:00Z","end_at":"2025-09-10T18:00:00Z"}}"#)
}

fn parse(text: &str) -> Json {
    serde_json::from_str(text).expect("JSON")
}

async fn declare(who: &Persona<'_>, user: &str, from: &str, to: &str) -> Json {
    let body = json!({ "user_id": user, "start_at": from, "end_at": to });
    who.post("/availabilities", body).await.ok()
}

fn approve(availability: &Json) -> String {
    format!("/availabilities/{}:approve", availability["id"].as_str().expect("an id"))
}

#[rstest]
#[tokio::test]
async fn the_calls_of_the_brief_work(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let profile = manager.put(&format!("/users/{user}/profile"), parse(PROFILE)).await.ok();
    let wanted = json!({
        "user_id": user, "skills": ["lumiere"], "skill_levels": { "lumiere": 3 }, "tags": ["bobino"],
        "employment_type": "INTERMITTENT", "rate_profile": { "jour": 250 }, "bio": null, "locale": null,
    });
    assert_eq!(profile, wanted);
    assert_eq!(manager.get(&format!("/users/{user}/profile")).await.ok(), wanted);
    let declared = manager.post("/availabilities", parse(&period(&user))).await.ok();
    let mut wanted = json!({
        "id": declared["id"], "user_id": user, "start_at": "2025-09-10T09:00:00Z", "end_at": "2025-09-10T18:00:00Z",
        "kind": "available", "status": "PENDING", "note": null, "series_id": null,
    });
    assert_eq!(declared, wanted);
    wanted["status"] = "APPROVED".into();
    assert_eq!(manager.post_empty(&approve(&declared)).await.ok(), wanted);
}

#[rstest]
#[tokio::test]
async fn the_calls_of_the_brief_work_over_a_socket(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let server = Server::start(&test).await;
    let client = reqwest::Client::new();
    let signed = |request: reqwest::RequestBuilder| request.bearer_auth(manager.token());
    let json = "application/json";
    let profile = client.put(server.url(&format!("/api/v1/users/{user}/profile"))).body(PROFILE);
    let answer = signed(profile).header("content-type", json).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let declare = client.post(server.url("/api/v1/availabilities")).body(period(&user));
    let answer = signed(declare).header("content-type", json).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let declared: Json = answer.json().await.expect("JSON");
    // PowerShell names a content type on a POST without a body.
    for content_type in [None, Some("application/x-www-form-urlencoded"), Some(json)] {
        let mut request = signed(client.post(server.url(&format!("/api/v1{}", approve(&declared)))));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = request.header("content-length", "0").send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{content_type:?}");
        assert_eq!(answer.headers()["content-type"], json);
        assert_eq!(answer.json::<Json>().await.expect("JSON")["status"], "APPROVED");
    }
}

#[rstest]
#[tokio::test]
async fn instants_have_an_offset_and_ids_are_texts(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let body =
        json!({ "user_id": user, "start_at": "2025-09-10T09:00:00", "end_at": "2025-09-10 18:00:00Z" });
    let mut wrong = manager.post("/availabilities", body).await.wrong_members();
    wrong.sort();
    assert_eq!(wrong, ["/end_at", "/start_at"]);
    let body = json!({ "user_id": 1, "start_at": "2025-09-10T09:00:00Z", "end_at": "2025-09-10T18:00:00Z" });
    assert_eq!(manager.post("/availabilities", body).await.wrong_members(), ["/user_id"]);
    let paris = declare(&manager, &user, "2025-09-10T11:00:00+02:00", "2025-09-10T20:00:00+02:00").await;
    assert_eq!(
        (&paris["start_at"], &paris["end_at"]),
        (&json!("2025-09-10T09:00:00Z"), &json!("2025-09-10T18:00:00Z"))
    );
    assert_eq!(test.count("SELECT count(*) AS n FROM availabilities").await, 1);
}

#[rstest]
#[tokio::test]
async fn it_lasts_more_than_nothing_and_31_days_at_most(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let start = "2025-09-01T00:00:00Z";
    declare(&manager, &user, start, "2025-10-02T00:00:00Z").await;
    for end in [start, "2025-08-31T00:00:00Z", "2025-10-02T00:00:00.000001Z"] {
        let body = json!({ "user_id": user, "start_at": start, "end_at": end });
        assert_eq!(manager.post("/availabilities", body).await.wrong_members(), ["/end_at"], "{end}");
    }
}

#[rstest]
#[tokio::test]
async fn approved_ones_of_a_person_never_overlap(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let other = manager.user("Miriam Makeba").await;
    let day = declare(&manager, &user, "2025-09-10T09:00:00Z", "2025-09-10T18:00:00Z").await;
    let late = declare(&manager, &user, "2025-09-10T17:59:59Z", "2025-09-10T23:00:00Z").await;
    let evening = declare(&manager, &user, "2025-09-10T18:00:00Z", "2025-09-10T23:00:00Z").await;
    let hers = declare(&manager, &other, "2025-09-10T09:00:00Z", "2025-09-10T18:00:00Z").await;
    manager.post_empty(&approve(&day)).await.ok();
    let before = test.audit_count().await;
    let clash = manager.post_empty(&approve(&late)).await.refused(409, "availability_overlap");
    let wanted = json!([{ "user_id": user, "availability_id": day["id"], "start_at": day["start_at"], "end_at": day["end_at"] }]);
    assert_eq!(clash["conflicts"], wanted);
    assert_eq!(test.audit_count().await, before);
    assert_eq!(test.count("SELECT count(*) AS n FROM availabilities WHERE status = 'APPROVED'").await, 1);
    manager.post_empty(&approve(&evening)).await.ok();
    manager.post_empty(&approve(&hers)).await.ok();
}

#[rstest]
#[tokio::test]
async fn approving_twice_is_harmless(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let day = declare(&manager, &user, "2025-09-10T09:00:00Z", "2025-09-10T18:00:00Z").await;
    let first = manager.post_empty(&approve(&day)).await.ok();
    assert_eq!(manager.post_empty(&approve(&day)).await.ok(), first);
    let entries = test.audit("availability.approve").await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].before, &entries[0].after), (&day, &first));
}

#[rstest]
#[tokio::test]
async fn a_tech_declares_only_their_own_and_approves_none(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let colleague = manager.user("Nina Simone").await;
    let mine =
        declare(&tech, &test.tech_user.to_string(), "2025-09-10T09:00:00Z", "2025-09-10T18:00:00Z").await;
    assert_eq!(mine["status"], "PENDING");
    let refused =
        tech.post("/availabilities", parse(&period(&colleague))).await.refused(404, "unknown_reference");
    assert_eq!(refused["errors"][0]["pointer"], "/user_id");
    tech.post_empty(&approve(&mine)).await.refused(403, "forbidden");
    let other = test.other_owner().await;
    other.post_empty(&approve(&mine)).await.refused(404, "not_found");
    other.post("/availabilities", parse(&period(&colleague))).await.refused(404, "unknown_reference");
    assert_eq!(test.count("SELECT count(*) AS n FROM availabilities WHERE status = 'PENDING'").await, 1);
    assert_eq!(test.count("SELECT count(*) AS n FROM availabilities").await, 1);
}

#[rstest]
#[tokio::test]
async fn own_profiles_take_skills_bio_and_language_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, tech) = (test.manager().await, test.tech().await);
    let own = format!("/users/{}/profile", test.tech_user);
    manager.put(&own, parse(PROFILE)).await.ok();
    let others = json!({ "tags": [], "employment_type": "CDI", "rate_profile": { "jour": 500 } });
    let refused = tech.put(&own, others).await;
    assert_eq!(refused.wrong_members(), ["/tags", "/employment_type", "/rate_profile"]);
    let body = json!({ "skills": [{ "skill": "son", "level": 5 }, "plateau"], "bio": "Nuits de préférence", "locale": "en" });
    let changed = tech.put(&own, body).await.ok();
    assert_eq!(changed["locale"], "en");
    let user = format!("/users/{}", test.tech_user);
    for who in [&manager, &tech] {
        assert_eq!(who.get(&user).await.ok()["locale"], "en");
    }
    assert_eq!(changed["skill_levels"], json!({ "plateau": 3, "son": 5 }));
    assert_eq!((&changed["tags"], &changed["employment_type"]), (&json!(["bobino"]), &json!("INTERMITTENT")));
    assert_eq!(changed["rate_profile"], json!({ "jour": 250 }));
    let colleague = manager.user("Nina Simone").await;
    tech.get(&format!("/users/{colleague}/profile")).await.refused(404, "not_found");
    tech.put(&format!("/users/{colleague}/profile"), json!({ "skills": [] })).await.refused(404, "not_found");
    for level in [0, 6] {
        let body = json!({ "skills": [{ "skill": "son", "level": level }] });
        assert_eq!(tech.put(&own, body).await.wrong_members(), ["/skills/0/level"]);
    }
    assert_eq!(tech.put(&own, json!({ "locale": "de" })).await.wrong_members(), ["/locale"]);
    // Whoever leaves it out is written to in the org's language.
    assert_eq!(tech.put(&own, json!({ "skills": [] })).await.ok()["locale"], Json::Null);
}

/// As by a program with an older time zone database: days counted in UTC would be others, and a series at other hours.
#[rstest]
#[tokio::test]
async fn nothing_is_declared_in_a_zone_that_is_not_known(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let tech = test.tech().await;
    let body = parse(&period(&test.tech_user.to_string()));
    test.execute("UPDATE orgs SET timezone = 'Mars/Olympus'").await;
    tech.post("/availabilities", body.clone()).await.refused(500, "internal");
    test.execute("UPDATE orgs SET timezone = 'Europe/Paris'").await;
    tech.post("/availabilities", body).await.ok();
}
