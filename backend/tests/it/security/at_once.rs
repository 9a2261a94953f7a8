//! What takes rights away holds at the next request, on every instance. Sign-out, roles, removal and deactivation have
//! their tests with the calls that they belong to; `docs/security.md` names them.

use super::{Session, TECH, browser, reset_token, system, until_waiting};
use crate::support::{Kind, PASSWORD, Test};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;

const NEW_PASSWORD: &str = "cinq actes et un prologue";

#[rstest]
#[tokio::test]
async fn a_new_password_ends_sessions_on_the_other_instance(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values("changed", "reset", "reset on the page")] how: &str,
) {
    let test = Test::start(db).await;
    let there = test.second_instance().await;
    let own = Session::start(&test).await;
    let stolen = Session::start(&test).await;
    let thief = test.anonymous().with_token(&stolen.access).at(&there);
    thief.get("/auth/me").await.ok();

    let anonymous = test.anonymous();
    match how {
        "changed" => {
            let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
            test.anonymous().with_token(&own.access).post("/auth/password", change).await.ok();
        }
        "reset" => {
            let set = json!({ "token": reset_token(&test, TECH).await, "new_password": NEW_PASSWORD });
            let done = anonymous.post("/auth/reset/confirm", set).await;
            assert_eq!((done.ok(), done.refresh_cookie()), (json!({ "status": "ok" }), None));
        }
        _ => {
            let token = reset_token(&test, TECH).await;
            let form = format!("token={token}&new_password={}", NEW_PASSWORD.replace(' ', "+"));
            let page = anonymous.with_header("content-type", "application/x-www-form-urlencoded");
            let done = page.send(axum::http::Method::POST, "/password", Some(form)).await;
            assert_eq!((done.status.as_u16(), done.refresh_cookie()), (303, None));
        }
    }

    thief.get("/auth/me").await.refused(401, "unauthenticated");
    let declared = json!({ "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    thief.post("/availabilities", declared).await.refused(401, "unauthenticated");
    let renewal = browser(&test, &stolen.refresh).at(&there).post_empty("/auth/refresh").await;
    renewal.refused(401, "unauthenticated");
    // Whoever changed it with the password in hand stays; a link signs nobody in.
    let survives = browser(&test, &own.refresh).at(&there).post_empty("/auth/refresh").await;
    assert_eq!(survives.status == 200, how == "changed", "{}", survives.text);
    for (password, status) in [(PASSWORD, 401), (NEW_PASSWORD, 200)] {
        let login = json!({ "email": TECH, "password": password });
        assert_eq!(test.anonymous().at(&there).post("/auth/login", login).await.status, status);
    }
}

/// The old password was right when it was looked at, and is not any more when that leads to something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn the_old_password_opens_nothing_once_a_new_one_is_set_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let own = Session::start(&test).await;
    let setting = test.app.db.write(system()).await.expect("a transaction");
    let set = format!("UPDATE accounts SET password_hash = 'another' WHERE email_key = '{TECH}'");
    setting.execute_unprepared(&set).await.expect("it is set");
    let (stranger, thief) = (test.anonymous(), test.anonymous().with_token(&own.access));
    let login = stranger.post("/auth/login", json!({ "email": TECH, "password": PASSWORD }));
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let change = thief.post("/auth/password", change);
    let commit = async {
        until_waiting(&test, 2).await;
        setting.commit().await.expect("it is stored");
    };
    let ((), login, change) = tokio::join!(commit, login, change);
    login.refused(401, "invalid_credentials");
    assert_eq!(login.refresh_cookie(), None);
    assert_eq!(change.wrong_members(), ["/current_password"]);
    let replaced = "SELECT count(*) AS n FROM accounts WHERE password_hash = 'another'";
    assert_eq!(test.count(replaced).await, 1);
}
