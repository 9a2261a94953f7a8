//! What leaves an entry, and under whose name.

use super::{Session, TECH, browser};
use crate::support::{Kind, PASSWORD, Test};
use coulisses::resources::accounts::record_refusals;
use rstest::rstest;
use serde_json::{Value as Json, json};

/// Of the newest entry of an action: the kind of actor, their e-mail, and the type of what it is about.
async fn newest(test: &Test, action: &str) -> (String, Option<String>, String) {
    let sql = format!(
        "SELECT l.actor_kind, a.email, l.object_type FROM audit_log l LEFT JOIN accounts a ON a.id = l.actor_id
        WHERE l.action = '{action}' ORDER BY l.created_at DESC, l.id DESC LIMIT 1"
    );
    let rows = test.rows(&sql).await;
    let row = rows.first().unwrap_or_else(|| panic!("no entry of {action}"));
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    (text("actor_kind").expect("a kind"), text("email"), text("object_type").expect("a type"))
}

fn by(email: Option<&str>, about: &str) -> (String, Option<String>, String) {
    let kind = if email.is_some() { "account" } else { "system" };
    (kind.to_owned(), email.map(str::to_owned), about.to_owned())
}

#[rstest]
#[tokio::test]
async fn every_security_event_is_on_record_under_the_name_of_whoever_did_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let anonymous = test.anonymous();
    // Each happens in a second of its own.
    let event = async |action: &str, wanted: (String, Option<String>, String)| {
        assert_eq!(newest(&test, action).await, wanted, "{action}");
        test.pass_seconds(1);
    };
    let first = Session::start(&test).await;
    event("session.start", by(Some(TECH), "session")).await;
    let wrong = json!({ "email": TECH, "password": "le mauvais mot de passe" });
    anonymous.post("/auth/login", wrong).await.refused(401, "invalid_credentials");
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    event("account.sign_in_refused", by(None, "account")).await;
    browser(&test, &first.refresh).post_empty("/auth/logout").await.ok();
    event("session.end", by(Some(TECH), "session")).await;
    let seen = async |event: &str| test.admin().await.get("/audit?limit=5").await.text.contains(event);
    assert!(seen("session.end").await, "the org that the session acted in sees it");

    let second = Session::start(&test).await;
    let third = Session::of(&browser(&test, &second.refresh).post_empty("/auth/refresh").await);
    test.pass_seconds(31);
    browser(&test, &second.refresh).post_empty("/auth/refresh").await.refused(401, "unauthenticated");
    // Who presented it is what nobody knows.
    event("session.reuse", by(None, "session")).await;
    // The org that the session acted in sees it.
    assert!(seen("session.reuse").await);
    test.anonymous().with_token(&third.access).get("/auth/me").await.refused(401, "unauthenticated");

    let own = Session::start(&test).await;
    let tech = test.anonymous().with_token(&own.access);
    tech.post("/auth/switch", json!({ "org_id": test.org })).await.ok();
    event("session.switch", by(Some(TECH), "session")).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "cinq actes et un prologue" });
    tech.post("/auth/password", change).await.ok();
    event("account.password_change", by(Some(TECH), "account")).await;
    assert!(seen("account.password_change").await);
    let asked = anonymous.post("/auth/reset/request", json!({ "email": TECH })).await.ok();
    event("account.reset_requested", by(None, "account")).await;
    let set = json!({ "token": asked["reset_token"], "new_password": PASSWORD });
    anonymous.post("/auth/reset/confirm", set).await.ok();
    event("account.password_set", by(Some(TECH), "account")).await;
    assert!(seen("account.password_set").await && seen("account.reset_requested").await);

    let (owner, email) = (test.owner().await, "owner@rideau.example");
    let new = json!({ "email": "lea@rideau.example", "role": "tech" });
    let added = owner.post("/orgs/members", new).await.ok();
    event("member.add", by(Some(email), "member")).await;
    let token = added["password_url"].as_str().and_then(|url| url.split("token=").nth(1)).expect("a token");
    let set = json!({ "token": token, "new_password": "cinq actes et un prologue" });
    anonymous.post("/auth/reset/confirm", set).await.ok();
    event("member.prove", by(Some("lea@rideau.example"), "member")).await;
    let seen = owner.get("/audit?object_type=member").await.ok();
    assert!(seen.as_array().unwrap().iter().any(|entry| entry["action"] == "member.prove"), "{seen}");
    let path = format!("/orgs/members/{}", added["account_id"].as_str().expect("an id"));
    owner.patch(&path, json!({ "role": "admin" })).await.ok();
    event("member.update", by(Some(email), "member")).await;
    let roles: Vec<Json> = test
        .audit("member.update")
        .await
        .iter()
        .flat_map(|entry| [&entry.before, &entry.after])
        .map(|m| m["role"].clone())
        .collect();
    assert_eq!(roles, ["tech", "admin"]);
    owner.delete(&path).await.ok();
    event("member.remove", by(Some(email), "member")).await;

    let clashing =
        [owner.mission("Montage", "08:00", "12:00").await, owner.mission("Balance", "11:00", "13:00").await];
    for mission in clashing {
        let body = json!({
            "mission_id": mission, "user_id": test.tech_user, "status": "ACCEPTED", "override_reason": "renfort",
        });
        owner.post("/assignments", body).await.ok();
    }
    event("assignment.override", by(Some(email), "assignment")).await;

    // Whoever is shown the key of a calendar can read it from then on.
    let path = format!("/users/{}/calendar_key", test.tech_user);
    owner.post_empty(&path).await.ok();
    event("user.calendar_key", by(Some(email), "user")).await;
    owner.delete(&path).await.ok();
    event("user.calendar_key_end", by(Some(email), "user")).await;
    let path = format!("/projects/{}/calendar_key", owner.project("Festival").await);
    owner.post_empty(&path).await.ok();
    event("project.calendar_key", by(Some(email), "project")).await;
    owner.delete(&path).await.ok();
    event("member.calendar_keys_end", by(Some(email), "member")).await;
}

#[rstest]
#[tokio::test]
async fn signing_out_is_on_record_as_the_accounts_own_doing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let entries = "SELECT count(*) AS n FROM audit_log WHERE action = 'session.end'";
    for ended in 1..=2 {
        let session = Session::start(&test).await;
        match ended {
            1 => browser(&test, &session.refresh).post_empty("/auth/logout").await.ok(),
            _ => {
                let sid = super::claims_of(&session.access)["sid"].as_str().expect("a session").to_owned();
                let own = test.anonymous().with_token(&session.access);
                own.delete(&format!("/auth/sessions/{sid}")).await.ok()
            }
        };
        assert_eq!(newest(&test, "session.end").await, by(Some(TECH), "session"));
        assert_eq!(test.count(entries).await, ended);
        // Ending it again ends nothing, and says nothing.
        browser(&test, &session.refresh).post_empty("/auth/logout").await.ok();
        assert_eq!(test.count(entries).await, ended);
        test.pass_seconds(1);
    }
}
