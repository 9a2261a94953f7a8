//! What recurs by the clock: digests and reminders, when something goes wrong or changes meanwhile.

use crate::support::{Kind, Smtp, Test, at};
use coulisses::resources::{invitations, mails};
use rstest::rstest;
use serde_json::{Value as Json, json};

/// When the digests of Paris are due.
const MORNING: &str = "2026-07-02T06:00:01Z";

async fn start(db: Kind, smtp: &Smtp) -> Test {
    Test::start_with(db, &[("SMTP_URL", &smtp.url()), ("MAIL_FROM", "crew@coulisses.example")]).await
}

fn pass_until(test: &Test, instant: &str) {
    let seconds = at(instant).since(test.clock.now()).as_secs();
    test.pass_seconds(seconds.try_into().expect("seconds"));
}

/// One role is open, and lacks a person within the week.
fn open_role(day: u32) -> Json {
    json!({
        "title": "Montage", "start_at": format!("2026-07-{day:02}T08:00:00Z"),
        "end_at": format!("2026-07-{day:02}T12:00:00Z"), "roles": [{ "role_name": "son", "quota": 1 }],
    })
}

/// What was queued is sent.
async fn finish(test: &Test) {
    test.pass_seconds(30);
    test.app.worker.work_off().await.expect("what is due");
}

async fn queued(test: &Test, kind: &str) -> i64 {
    test.count(&format!("SELECT count(*) AS n FROM mails WHERE kind = '{kind}'")).await
}

#[rstest]
#[tokio::test]
async fn a_digest_is_not_sent_when_its_morning_is_over(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values((4, 0), (3, 3))] (hours, sent): (i64, usize),
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    test.manager().await.post("/missions", open_role(4)).await.ok();
    pass_until(&test, MORNING);
    mails::queue_digests(&test.app).await.expect("digests");
    assert_eq!(queued(&test, "digest").await, 3, "of the owner, the admin and the manager");
    smtp.rules(&["rcpt 451 4.7.1 later"]);
    finish(&test).await;
    smtp.rules(&[]);
    test.pass_seconds(hours * 3600);
    test.app.worker.work_off().await.expect("what is due");
    assert_eq!(smtp.mails().len(), sent);
    assert_eq!(queued(&test, "digest").await, 3);
    let left = "SELECT count(*) AS n FROM mails WHERE state = 'queued'";
    assert_eq!(test.count(left).await, 0);
}

#[rstest]
#[case("UPDATE accounts SET is_active = false WHERE email = 'manager@rideau.example'")]
#[case(
    "UPDATE org_memberships SET proven_at = NULL WHERE account_id IN (SELECT id FROM accounts WHERE email = 'manager@rideau.example')"
)]
#[case(
    "UPDATE org_memberships SET notify = 'none' WHERE account_id IN (SELECT id FROM accounts WHERE email = 'manager@rideau.example')"
)]
#[tokio::test]
async fn whoever_may_not_sign_in_any_more_is_mailed_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[case] meanwhile: &str,
) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    test.manager().await.post("/missions", open_role(4)).await.ok();
    pass_until(&test, MORNING);
    mails::queue_digests(&test.app).await.expect("digests");
    test.execute(meanwhile).await;
    finish(&test).await;
    let mut to: Vec<_> = smtp.mails().iter().map(|mail| mail.get("to")[0].clone()).collect();
    to.sort_by_key(Json::to_string);
    assert_eq!(to, ["admin@rideau.example", "owner@rideau.example"]);
}

#[rstest]
#[tokio::test]
async fn an_org_that_fails_keeps_no_other_from_its_digest(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    for planner in [test.manager().await, test.other_owner().await] {
        planner.post("/missions", open_role(4)).await.ok();
    }
    // As by an older program, which does not know the zone. The first org is the first to be looked at.
    test.execute(
        "UPDATE orgs SET timezone = 'Mars/Olympus' WHERE id = (SELECT id FROM orgs ORDER BY id LIMIT 1)",
    )
    .await;
    pass_until(&test, MORNING);
    mails::queue_digests(&test.app).await.expect_err("the first org");
    let orgs = "SELECT count(DISTINCT org_id) AS n FROM mails WHERE kind = 'digest'";
    assert_eq!(test.count(orgs).await, 1);
    test.execute("UPDATE orgs SET timezone = 'Europe/Paris'").await;
    mails::queue_digests(&test.app).await.expect("digests");
    assert_eq!(test.count(orgs).await, 2);
    finish(&test).await;
}

/// Reminding of a full role would be in vain; whoever leaves it makes the reminder worth it.
#[rstest]
#[tokio::test]
async fn a_reminder_waits_for_a_place(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let manager = test.manager().await;
    let id = |of: Json| of["id"].as_str().expect("an id").to_owned();
    let mission = id(manager.post("/missions", open_role(11)).await.ok());
    let first = manager.assignment(&mission, &manager.user("Ella Fitzgerald").await).await;
    let nina = json!({ "name": "Nina Simone", "email": "nina@example.org" });
    let second = manager.assignment(&mission, &id(manager.post("/users", nina).await.ok())).await;
    manager.invitation(&second).await;
    finish(&test).await;
    let status = async |status: &str| {
        let manager = test.manager().await;
        manager.post(&format!("/assignments/{first}:status"), json!({ "status": status })).await.ok();
    };
    status("ACCEPTED").await;
    pass_until(&test, "2026-07-09T09:00:00Z");
    for (change, reminders) in [(None, 0), (None, 0), (Some("CANCELLED"), 1), (None, 1)] {
        if let Some(change) = change {
            status(change).await;
        }
        invitations::remind_due(&test.app).await.expect("reminders");
        assert_eq!(queued(&test, "reminder").await, reminders, "{change:?}");
    }
    finish(&test).await;
    test.pass_seconds(60);
    finish(&test).await;
}

/// The org writes French. A login reads its own language, else that of its user; a user their own, else that of their login.
#[rstest]
#[tokio::test]
async fn whoever_chose_a_language_is_written_to_in_it(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let smtp = Smtp::start();
    let test = start(db, &smtp).await;
    let (manager, admin, tech) = (test.manager().await, test.admin().await, test.tech().await);
    manager.patch("/auth/me", json!({ "locale": "en" })).await.ok();
    tech.patch("/auth/me", json!({ "locale": "en" })).await.ok();
    let mission = manager.post("/missions", open_role(4)).await.ok();
    let called = async || {
        let id =
            manager.assignment(mission["id"].as_str().expect("an id"), &test.tech_user.to_string()).await;
        manager.post("/invitations", json!({ "assignment_id": id })).await.ok();
        finish(&test).await;
        manager.post(&format!("/assignments/{id}:status"), json!({ "status": "CANCELLED" })).await.ok();
        finish(&test).await;
        let texts: Vec<_> = smtp.mails().iter().map(|mail| mail.text().to_owned()).collect();
        texts
    };
    let address = json!({ "email": "tech@rideau.example" });
    admin.patch(&format!("/users/{}", test.tech_user), address).await.ok();
    let english = called().await;
    assert!(english[0].contains("Hello"), "{}", english[0]);
    admin.patch(&format!("/users/{}", test.tech_user), json!({ "locale": "fr" })).await.ok();
    let french = called().await;
    assert!(french[english.len()].contains("Bonjour"), "{}", french[english.len()]);
    let before = smtp.mails().len();
    pass_until(&test, MORNING);
    mails::queue_digests(&test.app).await.expect("digests");
    finish(&test).await;
    for mail in &smtp.mails()[before..] {
        let english = mail.header("To") == Some("manager@rideau.example");
        assert_eq!(mail.text().contains("Bonjour"), !english, "{}", mail.text());
    }
    assert_eq!(smtp.mails().len() - before, 4, "three digests, and that the user is called off");
}
