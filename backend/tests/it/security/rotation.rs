//! New secrets, while those before are still read: nothing that people hold ends. Without those before all of it ends.

use super::{Session, browser};
use crate::feeds::{read, subscribe};
use crate::support::{Kind, PASSWORD, Test};
use axum::Router;
use coulisses::config::Config;
use rstest::rstest;
use serde_json::json;

/// A server that was started again with new secrets.
async fn rotated(test: &Test, previous: bool) -> Router {
    let Config { secret_key, invites_secret, .. } = (*test.app.config).clone();
    let config = Config {
        secret_key: "n".repeat(40).into(),
        secret_key_previous: previous.then_some(secret_key),
        invites_secret: "m".repeat(40).into(),
        invites_secret_previous: previous.then_some(invites_secret),
        ..(*test.app.config).clone()
    };
    test.second_instance_with(config).await
}

#[rstest]
#[tokio::test]
async fn what_the_secrets_before_have_signed_goes_on(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(true, false)] previous: bool,
) {
    let test = Test::start(db).await;
    let (manager, anyone) = (test.manager().await, test.anonymous());
    let session = Session::start(&test).await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let (_, token) = manager.invitation(&assignment).await;
    let feed = subscribe(&manager, &format!("/users/{}", test.tech_user)).await;
    let (keyed, body) = (manager.clone().with_header("idempotency-key", "k"), json!({ "name": "Festival" }));
    let created = keyed.post("/projects", body.clone()).await;

    let after = rotated(&test, previous).await;
    let verify = format!("/invitations/verify?token={token}");
    if !previous {
        manager.clone().at(&after).get("/auth/me").await.refused(401, "unauthenticated");
        browser(&test, &session.refresh)
            .at(&after)
            .post_empty("/auth/refresh")
            .await
            .refused(401, "unauthenticated");
        anyone.clone().at(&after).get(&verify).await.refused(400, "invalid_token");
        anyone.clone().at(&after).get(&feed).await.refused(404, "not_found");
        return;
    }
    manager.clone().at(&after).get("/auth/me").await.ok();
    let renewed = browser(&test, &session.refresh).at(&after).post_empty("/auth/refresh").await;
    assert_eq!(keyed.clone().at(&after).post("/projects", body).await.text, created.text);
    anyone.clone().at(&after).get(&verify).await.ok();
    assert_eq!(anyone.clone().at(&after).get(&feed).await.text, read(&test, &feed).await.text);
    // What is made now is the new secrets' own: the old server does not know it.
    let renewed = Session::of(&renewed);
    anyone.clone().with_token(&renewed.access).at(&after).get("/auth/me").await.ok();
    anyone.clone().with_token(&renewed.access).get("/auth/me").await.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn a_reminder_keeps_the_link_of_the_first_mail(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(true, false)] previous: bool,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    let (id, token) = manager.invitation(&assignment).await;
    let after = rotated(&test, previous).await;
    let login = json!({ "email": "manager@rideau.example", "password": PASSWORD });
    let signed_in = Session::of(&test.anonymous().at(&after).post("/auth/login", login).await);
    let planner = manager.with_token(&signed_in.access).at(&after);
    let reminded = planner.post_empty(&format!("/invitations/{id}:remind")).await.ok();
    let url = reminded["url"].as_str().expect("a link, for there is no mail");
    let (_, now) = url.rsplit_once("token=").expect("a token");
    assert_eq!(now == token, previous);
    let verify = |token: &str| format!("/invitations/verify?token={token}");
    test.anonymous().at(&after).get(&verify(now)).await.ok();
    let first = test.anonymous().at(&after).get(&verify(&token)).await;
    if previous { drop(first.ok()) } else { drop(first.refused(400, "invalid_token")) }
}
