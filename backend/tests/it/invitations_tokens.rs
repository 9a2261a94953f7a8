//! The tokens of invitations: what they are made of, what is kept of them, and which are refused.

use crate::support::{Kind, NOW, Persona, Test, at};
use axum::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use coulisses::{
    auth::{Tokens, hash_secret},
    config::Config,
};
use rstest::rstest;
use serde_json::{Value as Json, json};

const SECRET: &str = "the-invitations-secret-of-this-test-0123456789";

async fn call(manager: &Persona<'_>) -> String {
    let user = manager.user("Nina Simone").await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    manager.assignment(&mission, &user).await
}

fn claims(token: &str) -> Json {
    let payload = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

fn signed(secret: &str, claims: &Json) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).expect("a token")
}

async fn refused_everywhere(test: &Test, invitation: &str, assignment: &str, token: &str) {
    let anyone = test.anonymous();
    anyone.get(&format!("/invitations/verify?token={token}")).await.refused(400, "invalid_token");
    for verb in ["accept", "decline"] {
        for path in [format!("/invitations/{invitation}/{verb}"), format!("/assignments/{assignment}/{verb}")]
        {
            anyone.post_empty(&format!("{path}?token={token}")).await.refused(400, "invalid_token");
            anyone.post(&path, json!({ "token": token })).await.refused(400, "invalid_token");
        }
    }
    assert_eq!(anyone.get(&format!("/invite?token={token}")).await.status, 400);
}

#[rstest]
#[tokio::test]
async fn a_new_invitation_shows_its_token_and_link_this_once(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("PUBLIC_URL", "https://crew.example.org")]).await;
    let manager = test.manager().await;
    let assignment = call(&manager).await;
    let created = manager.post("/invitations", json!({ "assignment_id": assignment })).await.ok();
    let token = created["token"].as_str().unwrap();
    let wanted = json!({
        "id": created["id"], "assignment_id": assignment, "token": token, "delivery": "none", "answer_by": null,
        "url": format!("https://crew.example.org/invite?token={token}"), "expires_at": at(NOW).plus_seconds(604_800),
    });
    assert_eq!(created, wanted);
    let claims = claims(token);
    assert_eq!((&claims["typ"], &claims["inv"]), (&json!("invite"), &created["id"]));
    let before = test.audit_count().await;
    for (body, pointer) in
        [(json!({}), "/assignment_id"), (json!({ "assignment_id": assignment, "email": "x" }), "/email")]
    {
        assert_eq!(manager.post("/invitations", body).await.wrong_members(), [pointer]);
    }
    let unknown = json!({ "assignment_id": created["id"] });
    manager.post("/invitations", unknown.clone()).await.refused(404, "unknown_reference");
    let mine = json!({ "assignment_id": assignment });
    test.other_owner().await.post("/invitations", mine.clone()).await.refused(404, "unknown_reference");
    test.tech().await.post("/invitations", mine).await.refused(403, "forbidden");
    assert_eq!(test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn only_the_hash_of_a_token_is_kept(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let (_, token) = manager.invitation(&call(&manager).await).await;
    let claims = claims(&token);
    let secret = claims["jti"].as_str().unwrap();
    let hash: String = hash_secret(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = if db == Kind::Sqlite { "lower(hex(token_hash))" } else { "encode(token_hash, 'hex')" };
    assert_eq!(test.count(&format!("SELECT count(*) AS n FROM invitations WHERE {hex} = '{hash}'")).await, 1);
    let signature = token.rsplit('.').next().unwrap();
    let entry = format!("{:?}", test.audit("invitation.create").await);
    assert!(
        entry.contains("expires_at")
            && !entry.contains(secret)
            && !entry.contains(signature)
            && !entry.contains(&hash),
        "{entry}"
    );
}

#[rstest]
#[tokio::test]
async fn tokens_of_another_secret_purpose_or_algorithm_are_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start_with(db, &[("INVITES_SECRET", SECRET)]).await;
    let manager = test.manager().await;
    let assignment = call(&manager).await;
    let (invitation, token) = manager.invitation(&assignment).await;
    let good = claims(&token);
    let other_secret = |name: &str| (name == "INVITES_SECRET").then(|| SECRET.replace("this", "that"));
    let other =
        Tokens::new(&Config::from_lookup(&other_secret).expect("a configuration"), test.clock.clone());
    let (forged, _) = other.invite(test.org, invitation.parse().unwrap(), 1).expect("a token");
    let mut parts: Vec<&str> = token.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    parts[0] = &none;
    let unsigned = [parts.join("."), format!("{}.{}.", parts[0], parts[1])];
    let mut wrong = vec![forged, manager.token().to_owned(), "x".into(), String::new(), format!("{token}x")];
    wrong.extend(unsigned);
    for (member, value) in [
        ("typ", json!("access")),
        ("typ", json!("refresh")),
        ("jti", json!("guessed")),
        ("org", json!(test.other_org)),
    ] {
        let mut claims = good.clone();
        claims[member] = value;
        wrong.push(signed(SECRET, &claims));
    }
    for token in &wrong {
        refused_everywhere(&test, &invitation, &assignment, token).await;
    }
    test.anonymous().get("/invitations/verify").await.refused(400, "invalid_token");
    manager.clone().with_token(&token).get("/projects").await.refused(401, "unauthenticated");
    assert_eq!(manager.status_of(&assignment).await, "INVITED");
    test.anonymous()
        .post(&format!("/invitations/{invitation}/accept"), json!({ "token": signed(SECRET, &good) }))
        .await
        .ok();
}

#[rstest]
#[tokio::test]
async fn verify_tells_where_the_invitation_stands(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let project = manager.project("Tournée").await;
    let body = json!({
        "project_id": project, "roles": [{ "role_name": "son" }], "title": "Montage", "location": "Bobino", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
    });
    let mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
    let user = manager.user("Nina Simone").await;
    let assignment = manager.assignment(&mission, &user).await;
    let (invitation, token) = manager.invitation(&assignment).await;
    let standing = async |token: &str| {
        anyone.get(&format!("/invitations/verify?token={token}")).await.ok()["invitation_status"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let expires = at(NOW).plus_seconds(604_800);
    let seen = URL_SAFE_NO_PAD.encode(
        r#"{"s":"2026-07-10T08:00:00Z","e":"2026-07-10T12:00:00Z","z":"Europe/Paris","p":"Bobino","r":"son"}"#,
    );
    let wanted = json!({
        "invitation_id": invitation, "assignment_id": assignment, "status": "INVITED", "invitation_status": "pending",
        "expires_at": expires, "answer_by": null, "closes_at": expires, "answered_at": null,
        "needs_confirmation": false, "agreed": null, "obstacle": null, "conflicts": [], "note": null, "seen": seen,
        "mission_title": "Montage", "project_title": "Tournée",
        "org_name": "Théâtre du Rideau", "org_timezone": "Europe/Paris", "user_name": "Nina Simone",
        "contact": { "name": null, "phone": null, "email": null },
        "role_name": "son", "location": "Bobino", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z", "timezone": "Europe/Paris",
    });
    assert_eq!(anyone.get(&format!("/invitations/verify?token={token}")).await.ok(), wanted);
    manager.delete(&format!("/invitations/{invitation}")).await.ok();
    assert_eq!(standing(&token).await, "revoked");
    let (_, token) = manager.invitation(&assignment).await;
    test.pass_seconds(604_799);
    assert_eq!(standing(&token).await, "pending");
    test.pass_seconds(1);
    assert_eq!(standing(&token).await, "expired");
    let manager = test.manager().await;
    let (invitation, token) = manager.invitation(&assignment).await;
    anyone.post(&format!("/invitations/{invitation}/decline"), json!({ "token": token })).await.ok();
    assert_eq!(standing(&token).await, "answered");
}

#[rstest]
#[tokio::test]
async fn looking_changes_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let assignment = call(&manager).await;
    let (invitation, token) = manager.invitation(&assignment).await;
    let state = async || {
        let untouched = test.count("SELECT count(*) AS n FROM invitations i JOIN assignments a ON a.id = i.assignment_id
            WHERE i.answered_at IS NULL AND i.answer IS NULL AND i.revoked_at IS NULL AND i.updated_at = i.created_at
                AND a.status = 'INVITED' AND a.updated_at = a.created_at");
        (untouched.await, test.audit_count().await)
    };
    let before = state().await;
    assert_eq!(before.0, 1);
    test.pass_seconds(60);
    let anyone = test.anonymous();
    for _ in 0..25 {
        for method in [Method::GET, Method::HEAD] {
            for path in ["/invitations/verify", "/invite"] {
                let outcome = anyone.send(method.clone(), &format!("{path}?token={token}"), None).await;
                assert_eq!(outcome.status, 200, "{method} {path}");
            }
        }
    }
    for verb in ["accept", "decline"] {
        for path in [format!("/invitations/{invitation}/{verb}"), format!("/assignments/{assignment}/{verb}")]
        {
            anyone.get(&format!("{path}?token={token}")).await.refused(405, "method_not_allowed");
        }
    }
    assert_eq!(state().await, before);
}
