//! `Idempotency-Key`: a POST that comes again gets its first answer, and its work is done once.

use crate::support::{Kind, Outcome, Persona, Sample, Test, operations};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderName, HeaderValue, Method, Request},
};
use coulisses::http::idempotency::forget_old_answers;
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use tower::ServiceExt;

const KEPT: &str = "SELECT count(*) AS n FROM idempotency_keys";

/// The same person, sending the key.
pub fn keyed<'t>(who: &Persona<'t>, key: &str) -> Persona<'t> {
    who.clone().with_header("idempotency-key", key)
}

/// The same answer, given again.
#[track_caller]
pub fn assert_replayed(again: &Outcome, first: &Outcome) {
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    for name in ["content-type", "etag"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_ne!(first.header("x-request-id"), again.header("x-request-id"));
}

#[rstest]
#[tokio::test]
async fn every_post_gives_its_first_answer_again(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let posts: Vec<_> = operations().into_iter().filter(|one| one.takes("Idempotency-Key")).collect();
    assert!(posts.len() >= 20, "{}", posts.len());
    for post in posts {
        let sample = Sample::of(&owner, &post).await;
        // One each: `/availability` is `/availabilities`.
        let sender = keyed(&owner, &post.template);
        let before = test.audit_count().await;
        let first = sample.send(&sender).await;
        first.ok();
        let entries = test.audit_count().await;
        assert!(entries > before, "{}", sample.path);
        test.pass_seconds(1);
        assert_replayed(&sample.send(&sender).await, &first);
        assert_eq!(test.audit_count().await, entries, "{}", sample.path);
    }
}

#[rstest]
#[tokio::test]
async fn every_post_outside_sign_in_takes_a_key(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let _ = Test::start(db).await;
    for post in operations().iter().filter(|one| one.method == Method::POST) {
        // A check is carried out anew: it changes nothing.
        let keeps_nothing = post.template.contains("/auth/") || post.template.ends_with(":check");
        assert_eq!(post.takes("Idempotency-Key"), !keeps_nothing, "{}", post.template);
    }
}

#[rstest]
#[tokio::test]
async fn the_first_answer_comes_even_after_the_object_changed(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let sender = keyed(&owner, "k");
    let first = sender.post("/projects", json!({ "name": "Festival" })).await;
    let path = format!("/projects/{}", first.ok()["id"].as_str().unwrap());
    owner.patch(&path, json!({ "name": "Autre" })).await.ok();
    assert_replayed(&sender.post("/projects", json!({ "name": "Festival" })).await, &first);
    owner.delete(&path).await.ok();
    assert_replayed(&sender.post("/projects", json!({ "name": "Festival" })).await, &first);
    assert_eq!(test.count("SELECT count(*) AS n FROM projects").await, 0);
}

#[rstest]
#[tokio::test]
async fn an_answer_by_link_is_the_invitations_own(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let mut links = Vec::new();
    for name in ["Nina Simone", "Miriam Makeba"] {
        let user = manager.user(name).await;
        links.push(manager.invitation(&manager.assignment(&mission, &user).await).await);
    }
    let phone = keyed(&test.anonymous(), "answer");
    let mut answers = Vec::new();
    for (id, token) in &links {
        answers.push(phone.post_empty(&format!("/invitations/{id}/decline?token={token}")).await);
    }
    for ((id, token), first) in links.iter().zip(&answers) {
        assert_eq!(first.ok()["invitation_id"], *id);
        assert_replayed(&phone.post_empty(&format!("/invitations/{id}/decline?token={token}")).await, first);
        // The token's place belongs to the request.
        let elsewhere = phone.post(&format!("/invitations/{id}/decline"), json!({ "token": token })).await;
        elsewhere.refused(422, "idempotency_key_reused");
    }
    assert_eq!(test.audit("invitation.answer").await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn another_request_under_the_key_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let sender = keyed(&owner, "k");
    let first = sender.post("/projects", json!({ "name": "Festival" })).await;
    first.ok();
    let entries = test.audit_count().await;
    let other = sender.post("/projects", json!({ "name": "Autre" })).await;
    other.refused(422, "idempotency_key_reused");
    // The bytes count, not what they mean.
    let spaced = sender.send(Method::POST, "/projects", Some(r#"{ "name": "Festival" }"#.into())).await;
    spaced.refused(422, "idempotency_key_reused");
    assert_eq!(test.audit_count().await, entries);
    assert_replayed(&sender.post("/projects", json!({ "name": "Festival" })).await, &first);

    let rates = format!("/rates/user/{}", test.tech_user);
    sender.post_empty(&format!("{rates}?daily_eur=250")).await.ok();
    let other_query = sender.post_empty(&format!("{rates}?daily_eur=300")).await;
    other_query.refused(422, "idempotency_key_reused");
    assert_eq!(owner.get(&rates).await.ok()["rate_profile"], json!({ "jour": 250 }));
}

#[rstest]
#[tokio::test]
async fn a_key_belongs_to_its_caller_org_and_path(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, admin, stranger) = (test.manager().await, test.admin().await, test.other_owner().await);
    let membership = json!({ "email": "manager@rideau.example", "role": "manager" });
    stranger.post("/orgs/members", membership).await.ok();
    test.prove("manager@rideau.example").await;
    let switched = manager.post("/auth/switch", json!({ "org_id": test.other_org })).await.ok();
    let elsewhere = manager.clone().with_token(switched["access_token"].as_str().unwrap());
    let mut ids = std::collections::BTreeSet::new();
    for (who, name) in [(&manager, "A"), (&admin, "B"), (&stranger, "C"), (&elsewhere, "D")] {
        let created = keyed(who, "k").post("/projects", json!({ "name": name })).await;
        assert_eq!(created.header("idempotency-replayed"), "");
        ids.insert(created.ok()["id"].to_string());
    }
    let sender = keyed(&manager, "k");
    sender.post("/users", json!({ "name": "A" })).await.ok();
    let (one, two) =
        (manager.mission("Un", "08:00", "12:00").await, manager.mission("Deux", "08:00", "12:00").await);
    for mission in [&one, &two] {
        let copy = sender.post_empty(&format!("/missions/{mission}:duplicate")).await;
        ids.insert(copy.ok()["id"].to_string());
    }
    assert_eq!(ids.len(), 6);
    // The two ways to write one address are one.
    let copy = sender.post_empty(&format!("/missions/{one}%3Aduplicate")).await;
    assert_eq!((copy.ok()["title"].as_str(), copy.header("idempotency-replayed")), (Some("Un"), "true"));
    let body = json!({ "user_id": test.tech_user, "start_at": "2026-08-01T10:00:00Z", "end_at": "2026-08-02T10:00:00Z" });
    let first = sender.post("/availabilities", body.clone()).await;
    assert_replayed(&sender.post("/availability", body).await, &first);
}

#[rstest]
#[tokio::test]
async fn a_refused_request_leaves_its_key_free(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let taken = owner.project("Festival").await;
    let sender = keyed(&owner, "k");
    for _ in 0..2 {
        let refused = sender.post("/projects", json!({ "name": "Festival" })).await;
        refused.refused(409, "duplicate");
        assert_eq!(refused.header("idempotency-replayed"), "");
    }
    sender.post("/projects", json!({ "name": "" })).await.refused(400, "validation_failed");
    assert_eq!(test.count(KEPT).await, 0);
    owner.delete(&format!("/projects/{taken}")).await.ok();
    let done = sender.post("/projects", json!({ "name": "Festival" })).await;
    done.ok();
    assert_eq!((done.header("idempotency-replayed"), test.count(KEPT).await), ("", 1));
}

#[rstest]
#[tokio::test]
async fn an_answer_is_kept_for_a_day(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let body = json!({ "name": "Nina Simone" });
    let first = keyed(&test.owner().await, "k").post("/users", body.clone()).await;
    test.pass_seconds(24 * 3600 - 1);
    assert_eq!(forget_old_answers(&test.app.db, test.app.config.retention.answers).await.unwrap(), 0);
    assert_replayed(&keyed(&test.owner().await, "k").post("/users", body.clone()).await, &first);
    test.pass_seconds(1);
    let second = keyed(&test.owner().await, "k").post("/users", json!({ "name": "Miriam Makeba" })).await;
    assert_ne!(second.ok()["id"], first.json()["id"]);
    assert_eq!(second.header("idempotency-replayed"), "");
    test.pass_seconds(24 * 3600 - 1);
    let again = keyed(&test.owner().await, "k").post("/users", json!({ "name": "Miriam Makeba" })).await;
    assert_replayed(&again, &second);
}

#[rstest]
#[tokio::test]
async fn forgetting_takes_only_what_is_old(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    keyed(&owner, "old").post("/users", json!({ "name": "Nina Simone" })).await.ok();
    test.pass_seconds(60);
    let body = json!({ "name": "Miriam Makeba" });
    let kept = keyed(&owner, "new").post("/users", body.clone()).await;
    test.pass_seconds(24 * 3600 - 60);
    assert_eq!(forget_old_answers(&test.app.db, test.app.config.retention.answers).await.unwrap(), 1);
    assert_eq!(test.rows("SELECT key FROM idempotency_keys").await, [json!({ "key": "new" })]);
    assert_replayed(&keyed(&test.owner().await, "new").post("/users", body).await, &kept);
}

/// Sends a POST with header values that no client library would.
async fn post_raw(test: &Test, who: &Persona<'_>, path: &str, keys: &[&[u8]]) -> Outcome {
    let mut request = Request::post(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {}", who.token()))
        .header("content-type", "application/json")
        .body(Body::from(json!({ "name": "Nina Simone" }).to_string()))
        .unwrap();
    for key in keys {
        let name = HeaderName::from_static("idempotency-key");
        request.headers_mut().append(name, HeaderValue::from_bytes(key).unwrap());
    }
    let (parts, body) = test.router.clone().oneshot(request).await.unwrap().into_parts();
    let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Outcome { status: parts.status, headers: parts.headers, text }
}

#[rstest]
#[tokio::test]
async fn a_bad_key_is_refused_by_name(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let long = "k".repeat(256);
    for keys in [
        &[b"".as_slice()][..],
        &[long.as_bytes()],
        &[b"two words"],
        &[b"tab\there"],
        &["clé".as_bytes()],
        &[b"\xff"],
        &[b"one", b"two"],
        &[b"one", b"one"],
    ] {
        let refused = post_raw(&test, &owner, "/users", keys).await;
        assert_eq!(refused.wrong_members(), ["/Idempotency-Key"], "{keys:?}");
    }
    assert_eq!(test.count("SELECT count(*) AS n FROM users WHERE last_name = 'Simone'").await, 0);
    for key in [&long.as_bytes()[..255], b"!", b"~\"',;=/\\"] {
        let first = post_raw(&test, &owner, "/users", &[key]).await;
        first.ok();
        assert_replayed(&post_raw(&test, &owner, "/users", &[key]).await, &first);
    }
}

#[rstest]
#[tokio::test]
async fn a_key_means_nothing_where_it_is_not_needed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let bad = keyed(&owner, "two words");
    let path = format!("/projects/{}", owner.project("Festival").await);
    bad.get(&path).await.ok();
    bad.put(&path, json!({ "name": "Autre" })).await.ok();
    bad.patch(&path, json!({ "name": "Encore" })).await.ok();
    bad.delete(&path).await.ok();
    let login = json!({ "email": "owner@rideau.example", "password": crate::support::PASSWORD });
    for key in ["two words", "k"] {
        let visitor = keyed(&test.anonymous(), key);
        let mut cookies = std::collections::BTreeSet::new();
        for _ in 0..2 {
            let answer = visitor.post("/auth/login", login.clone()).await;
            assert_eq!(answer.header("idempotency-replayed"), "");
            cookies.insert(answer.refresh_cookie().expect("a session of its own"));
        }
        assert_eq!(cookies.len(), 2);
        let here = json!({ "org_id": test.org });
        assert_eq!(keyed(&owner, key).post("/auth/switch", here).await.header("idempotency-replayed"), "");
    }
    let sender = keyed(&owner, "k");
    for name in ["Un", "Deux"] {
        let user = format!("/users/{}", owner.user("Nina Simone").await);
        assert_eq!(sender.put(&user, json!({ "name": name })).await.ok()["name"], name);
        sender.delete(&user).await.ok();
    }
    assert_eq!(test.count(KEPT).await, 0);
}

#[rstest]
#[tokio::test]
async fn what_is_kept_shows_nothing_of_the_answer(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let mission = owner.mission("Montage", "08:00", "12:00").await;
    let assignment = owner.assignment(&mission, &test.tech_user.to_string()).await;
    let sender = keyed(&owner, "k");
    let link = sender.post("/invitations", json!({ "assignment_id": assignment })).await;
    let bulk = sender.post("/invitations:bulk_create", json!([{ "assignment_id": assignment }])).await;
    let login = sender.post("/orgs/members", json!({ "email": "lea@rideau.example", "role": "tech" })).await;
    let token = bulk.ok()[0]["token"].as_str().unwrap().to_owned();
    let id = bulk.json()[0]["id"].as_str().unwrap().to_owned();
    let answer = keyed(&test.anonymous(), "k");
    answer.post_empty(&format!("/invitations/{id}/accept?token={token}")).await.ok();
    let password_url = login.ok()["password_url"].as_str().unwrap().to_owned();
    let secrets = [
        link.ok()["token"].as_str().unwrap().to_owned(),
        token,
        password_url.rsplit('=').next().unwrap().to_owned(),
        "\"status\"".into(),
        "\"url\"".into(),
        assignment,
    ];

    let sql = "SELECT path, key, request_hash, answer FROM idempotency_keys";
    let statement = Statement::from_string(test.app.db.get_database_backend(), sql);
    let rows = test.app.db.query_all_raw(statement).await.unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let (path, key): (String, String) =
            (row.try_get("", "path").unwrap(), row.try_get("", "key").unwrap());
        let (hash, kept): (Vec<u8>, Vec<u8>) =
            (row.try_get("", "request_hash").unwrap(), row.try_get("", "answer").unwrap());
        assert!(kept.len() > 24 && hash.len() == 32, "{path}");
        let all = [path.as_bytes(), key.as_bytes(), &hash, &kept].concat();
        for secret in &secrets {
            let shown = all.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
            assert!(!shown, "{path} shows {secret}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_kept_answer_does_not_open_for_another_caller(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, admin) = (test.owner().await, test.admin().await);
    let body = json!({ "email": "lea@rideau.example", "role": "tech" });
    keyed(&owner, "k").post("/orgs/members", body.clone()).await.ok();
    // Whoever may write to the table gives the answer, with its link, to themselves.
    let columns = "org_id, path, key, request_hash, answer, created_at";
    test.execute(&format!(
        "INSERT INTO idempotency_keys (caller_id, {columns})
        SELECT (SELECT id FROM accounts WHERE email_key = 'admin@rideau.example'), {columns} FROM idempotency_keys"
    ))
    .await;
    let refused = keyed(&admin, "k").post("/orgs/members", body.clone()).await;
    refused.refused(422, "idempotency_key_reused");
    keyed(&owner, "k").post("/orgs/members", body).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_replay_needs_a_session_and_a_role(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (owner, manager) = (test.owner().await, test.manager().await);
    let body = json!({ "name": "Festival" });
    let sender = keyed(&manager, "k");
    let first = sender.post("/projects", body.clone()).await;
    let account = manager.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    let member = format!("/orgs/members/{account}");
    owner.patch(&member, json!({ "role": "tech" })).await.ok();
    sender.post("/projects", body.clone()).await.refused(403, "forbidden");
    owner.patch(&member, json!({ "role": "manager" })).await.ok();
    assert_replayed(&sender.post("/projects", body.clone()).await, &first);
    owner.delete(&member).await.ok();
    sender.post("/projects", body.clone()).await.refused(403, "not_a_member");
    owner.post("/orgs/members", json!({ "email": "manager@rideau.example", "role": "manager" })).await.ok();
    sender.post("/projects", body.clone()).await.refused(403, "not_a_member");
    test.prove("manager@rideau.example").await;
    assert_replayed(&sender.post("/projects", body.clone()).await, &first);
    let sessions = manager.get("/auth/sessions").await.ok();
    manager.delete(&format!("/auth/sessions/{}", sessions[0]["id"].as_str().unwrap())).await.ok();
    sender.post("/projects", body.clone()).await.refused(401, "unauthenticated");
    let nobody = keyed(&test.anonymous(), "k").post("/projects", body.clone()).await;
    nobody.refused(401, "unauthenticated");
    // Signed in again they are the same caller.
    assert_replayed(&keyed(&test.manager().await, "k").post("/projects", body).await, &first);
}

#[rstest]
#[tokio::test]
async fn an_answer_survives_a_restart(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = keyed(&test.owner().await, "k");
    let body = json!({ "email": "lea@rideau.example", "role": "tech" });
    let first = owner.post("/orgs/members", body.clone()).await;
    first.ok();
    let restarted = test.second_instance().await;
    assert_replayed(&owner.clone().at(&restarted).post("/orgs/members", body).await, &first);
}
