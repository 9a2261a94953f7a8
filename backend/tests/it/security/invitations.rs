//! Links that carry a token: what is kept of them, what travels with them, and that looking is not answering.

use super::{TECH, claims_of, dump, hex, reset_token};
use crate::pages::{
    calls::Mailed,
    unsubscribing::{MANAGER, unsubscribe_token},
};
use crate::support::{Kind, Outcome, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::json;

/// An assignment and the token of its invitation.
async fn asked(test: &Test) -> (String, String) {
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let (_, token) = manager.invitation(&assignment).await;
    (assignment, token)
}

#[rstest]
#[tokio::test]
async fn fifty_gets_and_fifty_heads_of_each_page_change_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (assignment, invite) = asked(&test).await;
    let reset = reset_token(&test, TECH).await;
    let calls = Mailed::to(&test).await.path();
    let before = dump(&test, db).await;
    // What would be written now would carry another time.
    test.pass_seconds(60);
    for path in [
        format!("/invite?token={invite}"),
        format!("/api/v1/invitations/verify?token={invite}"),
        format!("/password?token={reset}"),
        format!("/invite.ics?token={invite}"),
        format!("/unsubscribe?token={}", unsubscribe_token(&test, MANAGER).await),
        calls.clone(),
    ] {
        for method in [Method::GET, Method::HEAD] {
            for _ in 0..50 {
                let outcome = test.anonymous().send(method.clone(), &path, None).await;
                assert_eq!(outcome.status, 200, "{method} {path}");
            }
        }
    }
    assert_eq!(dump(&test, db).await, before);
    // A click does.
    let click = test.anonymous().with_header("content-type", "application/x-www-form-urlencoded");
    let form = format!("token={invite}&answer=accept");
    assert_eq!(click.send(Method::POST, "/invite", Some(form)).await.status, 303);
    assert_ne!(dump(&test, db).await, before);
    assert_eq!(test.manager().await.status_of(&assignment).await, "ACCEPTED");
}

#[rstest]
#[tokio::test]
async fn of_an_invitation_the_hash_of_its_jti_is_stored_and_nothing_else(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (_, token) = asked(&test).await;
    let jti = claims_of(&token)["jti"].as_str().expect("a jti").to_owned();
    let everything = dump(&test, db).await.join("\n").to_lowercase();
    let hash = hex(&coulisses::auth::hash_secret(jti.as_bytes()));
    assert_eq!(everything.matches(&hash).count(), 1, "its SHA-256, once");
    let mut parts = token.split('.');
    for (what, secret) in [
        ("token", &*token),
        ("payload", parts.nth(1).unwrap()),
        ("signature", parts.next().unwrap()),
        ("jti", &jti),
    ] {
        for form in [secret.to_lowercase(), hex(secret.as_bytes())] {
            assert!(!everything.contains(&form), "the {what} is in the database");
        }
    }
    // 256 bits that follow from nothing that is sent or stored.
    assert!(jti.len() >= 43, "{jti}");
}

fn assert_kept_to_itself(what: &str, outcome: &Outcome) {
    assert_eq!(outcome.header("referrer-policy"), "no-referrer", "{what}");
    assert_eq!(outcome.header("cache-control"), "no-store", "{what}");
}

#[rstest]
#[tokio::test]
async fn every_page_with_a_token_stays_out_of_caches_and_referrers(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (_, invite) = asked(&test).await;
    let reset = reset_token(&test, TECH).await;
    let stop = unsubscribe_token(&test, MANAGER).await;
    for path in ["/invite", "/password", "/unsubscribe"] {
        for token in [invite.as_str(), &reset, &stop, "nonsense", ""] {
            for method in [Method::GET, Method::HEAD] {
                let shown =
                    test.anonymous().send(method.clone(), &format!("{path}?token={token}"), None).await;
                assert_kept_to_itself(&format!("{method} {path}"), &shown);
            }
            for answer in ["accept", "nonsense"] {
                let form = format!("token={token}&answer={answer}&new_password=court");
                let page = test.anonymous().with_header("content-type", "application/x-www-form-urlencoded");
                let shown = page.send(Method::POST, path, Some(form)).await;
                assert_kept_to_itself(&format!("POST {path}"), &shown);
            }
        }
    }
    // The API's answers that hold one are not kept either.
    let verified = test.anonymous().get(&format!("/invitations/verify?token={invite}")).await;
    let new = json!({ "email": "lea@rideau.example", "role": "tech" });
    let welcomed = test.admin().await.post("/orgs/members", new).await;
    assert!(welcomed.ok().get("password_url").is_some());
    for answer in [verified, welcomed] {
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
