//! Stopping the mails that nobody asked for, on a page or by a mail program.

use super::{form, hidden, shows};
use crate::support::{Kind, Outcome, Persona, Test};
use axum::http::Method;
use coulisses::{resources::accounts, text::EmailKey};
use rstest::rstest;
use serde_json::{Value as Json, json};

pub const MANAGER: &str = "manager@rideau.example";
const ADMIN: &str = "admin@rideau.example";
const ASKS: &str = "Stop these mails?";
const STOPPED: &str = "You no longer get these mails.";
const ONE_CLICK: &str = "List-Unsubscribe=One-Click";

/// What the mails to this member of the first org carry.
pub async fn unsubscribe_token(test: &Test, email: &str) -> String {
    let found = accounts::by_email(&test.app.db, &EmailKey::of(email)).await.expect("accounts are read");
    test.app.tokens.unsubscribe(test.org, found.expect("an account").id).expect("a token")
}

/// The page that asks, and the one that says that it is done.
pub async fn unsubscribe_pages(test: &Test) -> (String, String) {
    let path = |token: String| format!("/unsubscribe?token={token}");
    let stopped = unsubscribe_token(test, ADMIN).await;
    form(&test.anonymous(), "/unsubscribe", &[("token", &stopped)]).await;
    (path(unsubscribe_token(test, MANAGER).await), path(stopped))
}

async fn notify(test: &Test) -> Json {
    test.manager().await.get("/orgs/current/membership").await.ok()["notify"].clone()
}

/// As a mail program does it (RFC 8058): no cookies, no session, no form of ours.
async fn one_click(who: &Persona<'_>, token: &str, kind: &str, body: &str) -> Outcome {
    let program = who.clone().with_header("content-type", kind);
    program.send(Method::POST, &format!("/unsubscribe?token={token}"), Some(body.to_owned())).await
}

#[rstest]
#[tokio::test]
async fn a_button_stops_the_mails_of_one_org(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let anyone = test.anonymous();
    let token = unsubscribe_token(&test, MANAGER).await;
    let path = format!("/unsubscribe?token={token}");
    let page = anyone.get(&path).await;
    assert_eq!(page.status, 200);
    shows(&page, &["Mails from", "Théâtre du Rideau", ASKS, "method=\"post\" action=\"/unsubscribe\""]);
    assert_eq!(page.text.matches("<button").count(), 1);
    assert_eq!(hidden(&page, "token"), token);
    let (before, entries) =
        (test.manager().await.get("/orgs/current/membership").await.ok(), test.audit_count().await);

    let sent = form(&anyone, "/unsubscribe", &[("token", &token)]).await;
    assert_eq!((sent.status.as_u16(), sent.header("location")), (303, &*path));
    let page = anyone.get(sent.header("location")).await;
    shows(&page, &["Théâtre du Rideau", STOPPED]);
    assert!(!page.text.contains("<button") && !page.text.contains("class=\"button\""), "{}", page.text);
    let after = test.manager().await.get("/orgs/current/membership").await.ok();
    assert_eq!(after["notify"], "none");
    let recorded = test.audit("member.update").await;
    assert_eq!((recorded.len(), &recorded[0].before, &recorded[0].after), (1, &before, &after));
    let account = before["account_id"].as_str().expect("an id");
    let entry = test.admin().await.get(&format!("/audit?actor_id={account}")).await.ok()[0].clone();
    let actor = json!([entry["action"], entry["actor_kind"], entry["actor_email"]]);
    assert_eq!(actor, json!(["member.update", "account", MANAGER]));
    assert!(!entry.to_string().contains(&token), "{entry}");
    // Once more, it changes nothing.
    test.pass_seconds(60);
    assert_eq!(form(&anyone, "/unsubscribe", &[("token", &token)]).await.status, 303);
    assert_eq!(test.audit_count().await, entries + 1);
    // Who has changed their mind is asked again.
    test.manager().await.patch("/orgs/current/membership", json!({ "notify": "all" })).await.ok();
    shows(&anyone.get(&path).await, &[ASKS]);
}

#[rstest]
#[tokio::test]
async fn a_mail_program_stops_them_in_one_click(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = unsubscribe_token(&test, MANAGER).await;
    let part = "--frontier\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--frontier--\r\n";
    for (kind, body) in
        [("application/x-www-form-urlencoded", ONE_CLICK), ("multipart/form-data; boundary=frontier", part)]
    {
        test.manager().await.patch("/orgs/current/membership", json!({ "notify": "all" })).await.ok();
        // It may be at home on another site.
        let program = test.anonymous().with_header("origin", "https://mail.example");
        for _ in 0..2 {
            let done = one_click(&program, &token, kind, body).await;
            assert_eq!((done.status.as_u16(), done.header("location")), (200, ""), "{kind}: {}", done.text);
            shows(&done, &["Théâtre du Rideau", STOPPED]);
            assert_eq!(notify(&test).await, "none", "{kind}");
        }
    }
    assert_eq!(test.audit("member.update").await.len(), 4);
    let owner = test.other_owner().await;
    assert_eq!(owner.get("/orgs/current/membership").await.ok()["notify"], "declines");
}

#[rstest]
#[tokio::test]
async fn looking_stops_nothing(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let anyone = test.anonymous();
    let token = unsubscribe_token(&test, MANAGER).await;
    let entries = test.audit_count().await;
    for method in [Method::GET, Method::HEAD] {
        for query in ["", "&List-Unsubscribe=One-Click", "&done=1"] {
            let path = format!("/unsubscribe?token={token}{query}");
            assert_eq!(anyone.send(method.clone(), &path, None).await.status, 200);
        }
    }
    for path in [
        "/unsubscribe",
        "/unsubscribe?token=",
        "/unsubscribe?token=x",
        &format!("/unsubscribe?token={token}x"),
    ] {
        let page = anyone.get(path).await;
        assert_eq!(page.status, 400, "{path}");
        shows(&page, &["This link is not valid."]);
        for body in ["", ONE_CLICK, "token=x"] {
            let sender = anyone.clone().with_header("content-type", "application/x-www-form-urlencoded");
            let refused = sender.send(Method::POST, path, Some(body.into())).await;
            assert_eq!(refused.status, 400, "{path} {body}");
            shows(&refused, &["This link is not valid."]);
        }
    }
    assert_eq!((notify(&test).await, test.audit_count().await), (json!("declines"), entries));
}

#[rstest]
#[tokio::test]
async fn for_whoever_is_no_member_any_more_it_is_done(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (anyone, admin) = (test.anonymous(), test.admin().await);
    let token = unsubscribe_token(&test, MANAGER).await;
    let account = test.manager().await.get("/auth/me").await.ok()["id"].as_str().expect("an id").to_owned();
    let path = format!("/orgs/members/{account}");
    admin.patch(&path, json!({ "is_active": false })).await.ok();
    let says_so = async || {
        shows(&anyone.get(&format!("/unsubscribe?token={token}")).await, &["Théâtre du Rideau", STOPPED]);
        assert_eq!(form(&anyone, "/unsubscribe", &[("token", &token)]).await.status, 303);
        let done = one_click(&anyone, &token, "application/x-www-form-urlencoded", ONE_CLICK).await;
        assert_eq!(done.status, 200);
        shows(&done, &[STOPPED]);
    };
    says_so().await;
    // Should they come back, they have said what they want.
    assert_eq!(admin.get(&path).await.ok()["notify"], "none");
    admin.delete(&path).await.ok();
    let entries = test.audit_count().await;
    says_so().await;
    assert_eq!(test.audit_count().await, entries);
}

#[rstest]
#[tokio::test]
async fn a_link_to_stop_mails_does_not_expire(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = unsubscribe_token(&test, MANAGER).await;
    let url = test.app.config.unsubscribe_url(&token);
    assert_eq!(url, format!("http://127.0.0.1:8000/unsubscribe?token={token}"));
    test.pass_seconds(3 * 365 * 86_400);
    assert_eq!(unsubscribe_token(&test, MANAGER).await, token, "each mail has the same");
    let done = one_click(&test.anonymous(), &token, "application/x-www-form-urlencoded", ONE_CLICK).await;
    shows(&done, &[STOPPED]);
}
