//! What is an account's own: where it acts, its password, its sessions.

use crate::support::{Kind, PASSWORD, Persona, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};

const NEW_PASSWORD: &str = "un tout autre mot de passe";

/// Signed in with the password: who they are, and the cookie.
async fn log_in<'t>(test: &'t Test, email: &str, password: &str) -> (Persona<'t>, String) {
    let agent = test.anonymous().with_header("user-agent", "Firefox");
    let answer = agent.post("/auth/login", json!({ "email": email, "password": password })).await;
    let token = answer.ok()["access_token"].as_str().unwrap().to_owned();
    (test.anonymous().with_token(&token), answer.refresh_cookie().unwrap())
}

async fn refresh(test: &Test, cookie: &str) -> crate::support::Outcome {
    let browser = test.anonymous().with_header("cookie", &format!("refresh_token={cookie}"));
    browser.post_empty("/auth/refresh").await
}

/// Makes the manager a technician of the other org, too: later, so that they still begin in their own.
async fn join_other(test: &Test) {
    test.pass_seconds(1);
    let body = json!({ "email": "manager@rideau.example", "role": "tech" });
    test.other_owner().await.post("/orgs/members", body).await.ok();
    test.prove("manager@rideau.example").await;
}

#[rstest]
#[tokio::test]
async fn a_session_that_switches_stays_there(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    join_other(&test).await;
    let (here, cookie) = log_in(&test, "manager@rideau.example", PASSWORD).await;
    assert_eq!(here.get("/auth/me").await.ok()["org_id"], json!(test.org));
    let switched = here.post("/auth/switch", json!({ "org_id": test.other_org })).await;
    let body = switched.ok();
    assert_eq!((&body["org_id"], &body["token_type"]), (&json!(test.other_org), &json!("bearer")));
    assert_eq!(switched.refresh_cookie(), None);
    let there = test.anonymous().with_token(body["access_token"].as_str().unwrap());
    let me = there.get("/auth/me").await.ok();
    assert_eq!((&me["org_id"], &me["role"]), (&json!(test.other_org), &json!("tech")));
    assert_eq!(there.get("/orgs/current").await.ok()["name"], "Other House");
    let refreshed = refresh(&test, &cookie).await;
    assert_eq!(refreshed.ok()["org_id"], json!(test.other_org));
    assert_eq!(
        refresh(&test, &refreshed.refresh_cookie().unwrap()).await.ok()["org_id"],
        json!(test.other_org)
    );
    // And whoever signs in without a word acts where they acted last.
    test.pass_seconds(1);
    let body = json!({ "email": "manager@rideau.example", "password": PASSWORD });
    assert_eq!(test.anonymous().post("/auth/login", body).await.ok()["org_id"], json!(test.other_org));
    let entries = test.audit("session.switch").await;
    assert_eq!(entries.len(), 1);
}

#[rstest]
#[tokio::test]
async fn nobody_switches_where_they_are_no_member(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (manager, cookie) = log_in(&test, "manager@rideau.example", PASSWORD).await;
    for org in [test.other_org.to_string(), "019f0000-0000-7000-8000-000000000000".into()] {
        let refused = manager.post("/auth/switch", json!({ "org_id": org })).await;
        assert_eq!(refused.refused(404, "unknown_reference")["errors"][0]["pointer"], "/org_id");
    }
    join_other(&test).await;
    let stranger = test.other_owner().await;
    let account = manager.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    stranger.patch(&format!("/orgs/members/{account}"), json!({ "is_active": false })).await.ok();
    let inactive = manager.post("/auth/switch", json!({ "org_id": test.other_org })).await;
    inactive.refused(404, "unknown_reference");
    assert_eq!(refresh(&test, &cookie).await.ok()["org_id"], json!(test.org));
    assert_eq!(manager.post("/auth/switch", json!({})).await.wrong_members(), ["/org_id"]);
    let nobody = test.anonymous().post("/auth/switch", json!({ "org_id": test.org })).await;
    nobody.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn a_new_password_ends_the_other_sessions(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let email = "manager@rideau.example";
    let (own, cookie) = log_in(&test, email, PASSWORD).await;
    let (other, other_cookie) = log_in(&test, email, PASSWORD).await;
    let colleague = test.tech().await;
    let asked = test.anonymous().post("/auth/reset/request", json!({ "email": email })).await.ok();
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });

    let wrong = own.post("/auth/password", change("faux", NEW_PASSWORD)).await;
    assert_eq!(wrong.wrong_members(), ["/current_password"]);
    assert_eq!(
        own.post("/auth/password", change("", NEW_PASSWORD)).await.wrong_members(),
        ["/current_password"]
    );
    assert_eq!(
        own.post("/auth/password", change(PASSWORD, "court")).await.wrong_members(),
        ["/new_password"]
    );
    let alone = own.post("/auth/password", json!({ "new_password": NEW_PASSWORD })).await;
    assert_eq!(alone.wrong_members(), ["/current_password"]);
    other.get("/auth/me").await.ok();

    assert_eq!(
        own.post("/auth/password", change(PASSWORD, NEW_PASSWORD)).await.ok(),
        json!({ "status": "ok" })
    );
    own.get("/auth/me").await.ok();
    other.get("/auth/me").await.refused(401, "unauthenticated");
    refresh(&test, &other_cookie).await.refused(401, "unauthenticated");
    refresh(&test, &cookie).await.ok();
    colleague.get("/auth/me").await.ok();
    let old = json!({ "email": email, "password": PASSWORD });
    test.anonymous().post("/auth/login", old).await.refused(401, "invalid_credentials");
    log_in(&test, email, NEW_PASSWORD).await;
    // Links to set it die with it.
    let late = json!({ "token": asked["reset_token"], "new_password": "encore un autre" });
    test.anonymous().post("/auth/reset/confirm", late).await.refused(400, "invalid_token");
    let again = own.post("/auth/password", change(PASSWORD, "encore un autre")).await;
    assert_eq!(again.wrong_members(), ["/current_password"]);
    assert_eq!(test.audit("account.password_change").await.len(), 1);
    let nobody = test.anonymous().post("/auth/password", change(PASSWORD, NEW_PASSWORD)).await;
    nobody.refused(401, "unauthenticated");
}

fn ids(sessions: &Json) -> Vec<&str> {
    sessions.as_array().unwrap().iter().map(|session| session["id"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test]
async fn sessions_are_listed_newest_first(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let email = "manager@rideau.example";
    let (first, cookie) = log_in(&test, email, PASSWORD).await;
    test.pass_seconds(60);
    let (second, _) = log_in(&test, email, PASSWORD).await;
    let (third, _) = log_in(&test, email, PASSWORD).await;
    refresh(&test, &cookie).await.ok();
    let sessions = first.get("/auth/sessions").await.ok();
    let all = sessions.as_array().unwrap();
    assert_eq!(all.len(), 3);
    let own = json!({
        "id": all[2]["id"], "current": true, "org_id": test.org, "user_agent": "Firefox",
        "created_at": "2026-07-01T08:00:00Z", "last_used_at": "2026-07-01T08:01:00Z", "expires_at": "2026-07-08T08:01:00Z",
    });
    assert_eq!(all[2], own);
    assert_eq!(all.iter().filter(|session| session["current"] == true).count(), 1);
    assert_eq!(ids(&second.get("/auth/sessions").await.ok()), ids(&sessions));
    // Page by page.
    let (mut found, mut path) = (Vec::new(), "/auth/sessions?limit=1".to_owned());
    loop {
        let page = third.get(&path).await;
        found.push(page.ok()[0]["id"].as_str().unwrap().to_owned());
        match page.next_page() {
            Some(next) => path = next,
            None => break,
        }
    }
    assert_eq!(found, ids(&sessions));
    // What ended or expired is gone.
    third.delete(&format!("/auth/sessions/{}", found[0])).await.ok();
    let remaining = first.get("/auth/sessions").await.ok();
    assert_eq!(ids(&remaining), found[1..]);
    test.pass_seconds(7 * 24 * 3600 - 1);
    let (fresh, _) = log_in(&test, email, PASSWORD).await;
    test.pass_seconds(1);
    assert_eq!(ids(&fresh.get("/auth/sessions").await.ok()).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_session_is_read_by_its_account(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (first, _) = log_in(&test, "manager@rideau.example", PASSWORD).await;
    let (second, _) = log_in(&test, "manager@rideau.example", PASSWORD).await;
    for listed in first.get("/auth/sessions").await.ok().as_array().unwrap() {
        let path = format!("/auth/sessions/{}", listed["id"].as_str().unwrap());
        assert_eq!(first.get(&path).await.ok(), *listed);
        assert_eq!(second.get(&path).await.ok()["current"], listed["current"] == false);
        for stranger in [test.owner().await, test.tech().await, test.other_owner().await] {
            stranger.get(&path).await.refused(404, "not_found");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_session_that_is_ended_ends_at_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let email = "manager@rideau.example";
    let (own, _) = log_in(&test, email, PASSWORD).await;
    let (lost, cookie) = log_in(&test, email, PASSWORD).await;
    let there = lost.clone().at(&test.second_instance().await);
    there.get("/auth/me").await.ok();
    let sessions = lost.get("/auth/sessions").await.ok();
    let current = sessions.as_array().unwrap().iter().find(|session| session["current"] == true).unwrap();
    let path = format!("/auth/sessions/{}", current["id"].as_str().unwrap());

    for stranger in [test.tech().await, test.owner().await, test.other_owner().await] {
        stranger.delete(&path).await.refused(404, "not_found");
    }
    own.delete("/auth/sessions/019f0000-0000-7000-8000-000000000000").await.refused(404, "not_found");
    test.anonymous().delete(&path).await.refused(401, "unauthenticated");
    lost.get("/auth/me").await.ok();

    assert_eq!(own.delete(&path).await.ok(), json!({ "status": "ok" }));
    lost.get("/auth/me").await.refused(401, "unauthenticated");
    there.get("/projects").await.refused(401, "unauthenticated");
    refresh(&test, &cookie).await.refused(401, "unauthenticated");
    let entries = test.audit_count().await;
    own.delete(&path).await.ok();
    assert_eq!(test.audit_count().await, entries, "it had ended");
    // One's own, too.
    let sessions = own.get("/auth/sessions").await.ok();
    assert_eq!(ids(&sessions).len(), 1);
    own.delete(&format!("/auth/sessions/{}", ids(&sessions)[0])).await.ok();
    own.get("/auth/me").await.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn an_account_that_lost_its_membership_is_still_its_own(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    join_other(&test).await;
    let (manager, _) = log_in(&test, "manager@rideau.example", PASSWORD).await;
    let body = json!({ "org_id": test.org });
    let here = manager.post("/auth/switch", body.clone()).await.ok();
    let manager = manager.with_token(here["access_token"].as_str().unwrap());
    let (other_session, _) = log_in(&test, "manager@rideau.example", PASSWORD).await;
    let account = manager.get("/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    test.owner().await.delete(&format!("/orgs/members/{account}")).await.ok();
    manager.get("/auth/me").await.refused(403, "not_a_member");

    let sessions = manager.get("/auth/sessions").await.ok();
    let other = sessions.as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    manager.delete(&format!("/auth/sessions/{}", other["id"].as_str().unwrap())).await.ok();
    other_session.get("/auth/sessions").await.refused(401, "unauthenticated");
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    manager.post("/auth/password", change).await.ok();
    manager.post("/auth/switch", body).await.refused(404, "unknown_reference");
    let there = manager.post("/auth/switch", json!({ "org_id": test.other_org })).await.ok();
    let there = manager.with_token(there["access_token"].as_str().unwrap());
    assert_eq!(there.get("/auth/me").await.ok()["role"], "tech");
}

#[rstest]
#[tokio::test]
async fn an_account_sets_its_language_everywhere_and_its_mails_here(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    join_other(&test).await;
    let (here, _) = log_in(&test, "manager@rideau.example", PASSWORD).await;
    let switched = here.post("/auth/switch", json!({ "org_id": test.other_org })).await.ok();
    let there = test.anonymous().with_token(switched["access_token"].as_str().unwrap());
    let before = here.get("/auth/me").await.ok();
    assert_eq!((&before["locale"], &before["notify"]), (&Json::Null, &json!("declines")));
    let changed = here.patch("/auth/me", json!({ "locale": "en-US", "notify": "all" })).await.ok();
    let mut wanted = before.clone();
    (wanted["locale"], wanted["notify"]) = (json!("en-US"), json!("all"));
    wanted["memberships"][0]["notify"] = json!("all");
    assert_eq!(changed, wanted);
    assert_eq!(here.get("/auth/me").await.ok(), wanted);
    assert_eq!(here.get("/orgs/current/membership").await.ok()["notify"], "all");
    // The language goes along, what is mailed is the org's.
    let elsewhere = there.get("/auth/me").await.ok();
    assert_eq!((&elsewhere["locale"], &elsewhere["notify"]), (&json!("en-US"), &json!("declines")));
    let entries = test.audit("account.update").await;
    assert_eq!(entries.len(), 2, "one in each org");
    assert!(entries.iter().all(|entry| entry.before == json!({ "locale": null })));
    assert!(entries.iter().all(|entry| entry.after == json!({ "locale": "en-US" })));
    assert_eq!(test.audit("member.update").await.len(), 1);
    // What was read may be sent back, and says nothing.
    let count = test.audit_count().await;
    assert_eq!(here.patch("/auth/me", wanted.clone()).await.ok(), wanted);
    assert_eq!(here.patch("/auth/me", json!({})).await.ok(), wanted);
    assert_eq!(test.audit_count().await, count);
    for (body, wrong) in [
        (json!({ "locale": "de" }), "/locale"),
        (json!({ "notify": "some" }), "/notify"),
        (json!({ "email": "else@rideau.example" }), "/email"),
        (json!({ "role": "owner" }), "/role"),
        (json!({ "name": "Ella" }), "/name"),
    ] {
        assert_eq!(here.patch("/auth/me", body).await.wrong_members(), [wrong]);
    }
    assert_eq!(test.audit_count().await, count);
    let back = here.patch("/auth/me", json!({ "locale": null, "notify": null })).await.ok();
    assert_eq!((&back["locale"], &back["notify"]), (&Json::Null, &json!("declines")));
}
