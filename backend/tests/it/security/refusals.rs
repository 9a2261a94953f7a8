//! Refused sign-ins are on record, counted, where those can see them whom they concern.

use super::{
    Session, TECH,
    guessing::{exhaust_address, from, guess, session_of, try_in, wait},
};
use crate::support::{Kind, PASSWORD, Persona, Test, together};
use coulisses::resources::accounts::record_refusals;
use rstest::rstest;
use serde_json::{Value as Json, json};

const OF_NO_ORG: &str =
    "SELECT count(*) AS n FROM audit_log l WHERE NOT EXISTS (SELECT 1 FROM orgs o WHERE o.id = l.org_id)";

#[rstest]
#[tokio::test]
async fn refusals_are_one_counted_entry_per_account_and_minute(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let stranger = test.anonymous();
    let written = async || {
        test.audit("account.sign_in_refused")
            .await
            .iter()
            .map(|entry| entry.after.clone())
            .collect::<Vec<_>>()
    };
    let counted = |minute: &str, refused: u64| json!({ "minute": minute, "refused": refused });
    for _ in 0..7 {
        guess(&stranger, TECH).await;
    }
    guess(&stranger, "nobody@rideau.example").await;
    guess(&stranger, "somebody@rideau.example").await;
    record_refusals(&test.app.db, &test.app.refusals, false).await.expect("recorded");
    assert_eq!(written().await, [Json::Null; 0], "the minute is not over");
    test.pass_seconds(60);
    guess(&stranger, TECH).await;
    record_refusals(&test.app.db, &test.app.refusals, false).await.expect("recorded");
    record_refusals(&test.app.db, &test.app.refusals, false).await.expect("nothing is left to record");
    let mut first = written().await;
    first.sort_by_key(|entry| entry["refused"].as_u64());
    assert_eq!(first, [counted("2026-07-01T08:00:00Z", 2), counted("2026-07-01T08:00:00Z", 7)]);
    // The org that the account works for sees its own.
    let seen = test.admin().await.get("/audit?object_type=account").await.ok();
    assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(
        (&seen[0]["action"], &seen[0]["after"]["refused"]),
        (&json!("account.sign_in_refused"), &json!(7))
    );
    // The program stops: the minute that was being counted is written as well.
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    assert!(written().await.contains(&counted("2026-07-01T08:01:00Z", 1)));
}

/// How many refused sign-ins each entry tells of that an org's administrators see.
async fn seen(admin: &Persona<'_>) -> Vec<Json> {
    let entries = admin.get("/audit?object_type=account").await.ok();
    let refused =
        entries.as_array().unwrap().iter().filter(|entry| entry["action"] == "account.sign_in_refused");
    refused.map(|entry| entry["after"]["refused"].clone()).collect()
}

#[rstest]
#[tokio::test]
async fn each_org_of_an_account_and_no_other_sees_all_its_refusals(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (admin, elsewhere) = (test.admin().await, test.other_owner().await);
    elsewhere.post("/orgs/members", json!({ "email": TECH, "role": "tech" })).await.ok();
    let stranger = test.anonymous();
    // Whoever adds an e-mail does not watch whose it is.
    guess(&stranger, TECH).await;
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    assert_eq!((seen(&admin).await, seen(&elsewhere).await), (vec![json!(1)], vec![]));
    test.prove(TECH).await;
    guess(&stranger, TECH).await;
    guess(&stranger, "manager@rideau.example").await;
    // The right password in an org that the account has no place in.
    let nowhere = "019f0000-0000-7000-8000-000000000000";
    let login = json!({ "email": TECH, "password": PASSWORD, "org_id": nowhere });
    stranger.post("/auth/login", login).await.refused(401, "invalid_credentials");
    // What cannot be written now is written the next time.
    test.execute("ALTER TABLE audit_details RENAME TO away").await;
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect_err("nowhere to write to");
    test.execute("ALTER TABLE away RENAME TO audit_details").await;
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    let mut here = seen(&admin).await;
    here.sort_by_key(Json::as_u64);
    assert_eq!(here, [1, 1, 2]);
    assert_eq!(seen(&elsewhere).await, [2]);

    // A refusal of the address is nobody's: it is counted with the unknown e-mails.
    let peer = from(&test.router, "203.0.113.7");
    exhaust_address(&test, |_| peer.clone()).await;
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    let before = test.count(OF_NO_ORG).await;
    assert_eq!(wait(&guess(&test.anonymous().at(&peer), TECH).await), Some(1));
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    assert_eq!(test.count(OF_NO_ORG).await, before + 1);
    assert_eq!(seen(&elsewhere).await, [2]);
}

#[rstest]
#[tokio::test]
async fn guessing_the_password_of_a_stolen_session_is_slowed_as_well(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (thief, owner) = (test.tech().await, test.tech().await);
    let change = async |who: &Persona<'_>, current: &str| {
        who.post(
            "/auth/password",
            json!({ "current_password": current, "new_password": "cinq actes et un prologue" }),
        )
        .await
    };
    for _ in 0..5 {
        change(&thief, "le mauvais mot de passe").await.refused(400, "validation_failed");
    }
    assert_eq!(wait(&change(&thief, PASSWORD).await), Some(1));
    // All six are on record.
    record_refusals(&test.app.db, &test.app.refusals, true).await.expect("recorded");
    assert_eq!(test.audit("account.sign_in_refused").await[0].after["refused"], 6);
    change(&owner, PASSWORD).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_session_that_ends_while_it_changes_the_password_does_not_change_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (stolen, owner) = (Session::start(&test).await, test.tech().await);
    let (thief, id) = (test.anonymous().with_token(&stolen.access), session_of(&test, &stolen).await);
    // Hashes stand in line: the change waits behind these while the session is ended.
    let queue = (0..40).map(|_| test.app.passwords.verify("anything", None, None));
    let change = json!({ "current_password": PASSWORD, "new_password": "cinq actes et un prologue" });
    let changing = thief.post("/auth/password", change);
    let path = format!("/auth/sessions/{id}");
    let (_, changed, ended) = tokio::join!(together(queue), changing, owner.delete(&path));
    ended.ok();
    assert!([401, 503].contains(&changed.status.as_u16()), "{changed:?}");
    try_in(&test.anonymous(), TECH, PASSWORD).await.ok();
    owner.get("/auth/me").await.ok();
}
