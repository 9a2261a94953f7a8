//! Setting a forgotten password, over the API and on the page.

use crate::support::{Kind, Outcome, PASSWORD, Persona, Test, together};
use axum::http::Method;
use coulisses::auth::{entity::password_token, hash_secret};
use rstest::rstest;
use sea_orm::EntityTrait;
use serde_json::{Value as Json, json};

const TECH: &str = "tech@rideau.example";
const NEW: &str = "cinq actes et un prologue";
const MINUTE: i64 = 60;
const OWN_SECRETS: [(&str, &str); 2] = [
    ("SECRET_KEY", "a-secret-of-this-test-0123456789abcdef"),
    ("INVITES_SECRET", "another-secret-of-it-0123456789abcdef"),
];

async fn request(test: &Test, email: &str) -> Json {
    test.anonymous().post("/auth/reset/request", json!({ "email": email })).await.ok()
}

async fn reset_token(test: &Test) -> String {
    request(test, TECH).await["reset_token"].as_str().expect("a reset token").to_owned()
}

async fn confirm(test: &Test, token: &str, new_password: &str) -> Outcome {
    let body = json!({ "token": token, "new_password": new_password });
    test.anonymous().post("/auth/reset/confirm", body).await
}

async fn log_in(test: &Test, password: &str) -> Outcome {
    test.anonymous().post("/auth/login", json!({ "email": TECH, "password": password })).await
}

async fn submit(persona: Persona<'_>, token: &str, new_password: &str) -> Outcome {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .append_pair("new_password", new_password)
        .finish();
    let persona = persona.with_header("content-type", "application/x-www-form-urlencoded");
    persona.send(Method::POST, "/password", Some(form)).await
}

fn page(token: &str) -> String {
    format!("/password?token={token}")
}

#[rstest]
#[tokio::test]
async fn in_dev_the_answer_carries_the_token_of_a_known_e_mail_only(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    assert!(token.len() >= 43, "256 bits in base64: {token}");
    assert_eq!(request(&test, "Tech@Rideau.example").await.as_object().expect("an object").len(), 2);
    assert_eq!(request(&test, "nobody@rideau.example").await, json!({ "status": "ok" }));
    test.execute("UPDATE accounts SET is_active = false WHERE email_key = 'admin@rideau.example'").await;
    assert_eq!(request(&test, "admin@rideau.example").await, json!({ "status": "ok" }));
}

#[rstest]
#[tokio::test]
async fn elsewhere_a_known_e_mail_cannot_be_told_from_an_unknown_one(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(("ENV", "prod"), ("ENV", "staging"), ("BACKEND_HOST", "0.0.0.0"))] setting: (&str, &str),
) {
    // Nobody listens there.
    let mail = [("SMTP_URL", "smtp://127.0.0.1:9"), ("MAIL_FROM", "crew@rideau.example")];
    let test = Test::start_with(db, &[&OWN_SECRETS[..], &[setting], &mail].concat()).await;
    for email in [TECH, "nobody@rideau.example"] {
        assert_eq!(request(&test, email).await, json!({ "status": "ok" }), "{email}");
    }
    test.settle().await;
    let mails = "SELECT count(*) AS n FROM jobs WHERE kind = 'account_mail'";
    assert_eq!(test.count(mails).await, 1, "the known one is sent a link nevertheless");
    test.execute("DELETE FROM jobs").await;
}

#[rstest]
#[tokio::test]
async fn a_reset_sets_the_password_and_ends_every_session(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let signed_in = log_in(&test, PASSWORD).await;
    let cookie = signed_in.refresh_cookie().expect("a refresh cookie");
    let (tech, manager) = (test.tech().await, test.manager().await);
    let done = confirm(&test, &reset_token(&test).await, NEW).await;
    assert_eq!(done.ok(), json!({ "status": "ok" }));
    assert_eq!(done.header("set-cookie"), "", "nobody is signed in by it");

    tech.get("/auth/me").await.refused(401, "unauthenticated");
    let browser = test.anonymous().with_header("cookie", &format!("refresh_token={cookie}"));
    browser.post_empty("/auth/refresh").await.refused(401, "unauthenticated");
    manager.get("/auth/me").await.ok();

    log_in(&test, PASSWORD).await.refused(401, "invalid_credentials");
    log_in(&test, NEW).await.ok();
    let audited =
        test.count("SELECT count(*) AS n FROM audit_log WHERE action = 'account.password_set'").await;
    assert_eq!(audited, 1);
}

#[rstest]
#[tokio::test]
async fn a_token_works_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    confirm(&test, &token, NEW).await.ok();
    confirm(&test, &token, "un autre mot de passe").await.refused(400, "invalid_token");
    log_in(&test, NEW).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_token_works_for_thirty_minutes(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let late = reset_token(&test).await;
    test.pass_seconds(30 * MINUTE);
    confirm(&test, &late, NEW).await.refused(400, "invalid_token");
    assert_eq!(test.anonymous().get(&page(&late)).await.status, 400);
    let in_time = reset_token(&test).await;
    test.pass_seconds(30 * MINUTE - 1);
    confirm(&test, &in_time, NEW).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_new_request_kills_the_older_token(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let older = reset_token(&test).await;
    let newer = reset_token(&test).await;
    confirm(&test, &older, NEW).await.refused(400, "invalid_token");
    confirm(&test, &newer, NEW).await.ok();
}

#[rstest]
#[tokio::test]
async fn an_account_switched_off_in_between_keeps_its_password(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    test.execute(&format!("UPDATE accounts SET is_active = false WHERE email_key = '{TECH}'")).await;
    confirm(&test, &token, NEW).await.refused(400, "invalid_token");
    test.execute(&format!("UPDATE accounts SET is_active = true WHERE email_key = '{TECH}'")).await;
    log_in(&test, PASSWORD).await.ok();
}

#[rstest]
#[tokio::test]
async fn of_two_confirmations_at_once_one_wins(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    let passwords = ["le premier mot de passe", "le second mot de passe"];
    let outcomes = together(passwords.map(|password| confirm(&test, &token, password))).await;
    let winner = outcomes.iter().position(|outcome| outcome.status == 200).expect("a winner");
    outcomes[1 - winner].refused(400, "invalid_token");
    log_in(&test, passwords[winner]).await.ok();
    log_in(&test, passwords[1 - winner]).await.refused(401, "invalid_credentials");
}

#[rstest]
#[tokio::test]
async fn a_password_that_breaks_the_rule_does_not_use_the_token_up(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    for bad in ["", "sept cr", "ééééééé", &"x".repeat(129)] {
        assert_eq!(confirm(&test, &token, bad).await.wrong_members(), ["/new_password"], "{bad}");
    }
    // On the page people see the form again, and why.
    for (common, why) in [("motdepasse", "among the first that anyone would guess"), (TECH, "is your e-mail")]
    {
        let shown = submit(test.anonymous(), &token, common).await;
        assert_eq!(shown.status, 400);
        assert!(shown.text.contains(why) && shown.text.contains("<form"), "{}", shown.text);
    }
    log_in(&test, PASSWORD).await.ok();
    confirm(&test, &token, "éàùçêîôû").await.ok();
    log_in(&test, "éàùçêîôû").await.ok();
}

#[rstest]
#[tokio::test]
async fn unknown_tokens_are_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    for token in ["", "nonsense", "é", &"A".repeat(43)] {
        confirm(&test, token, NEW).await.refused(400, "invalid_token");
    }
}

#[rstest]
#[tokio::test]
async fn only_the_hash_of_a_token_is_stored(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    let stored = password_token::Entity::find().all(&test.app.db).await.expect("tokens are read");
    assert!(stored.iter().any(|row| row.token_hash == hash_secret(token.as_bytes())));
    assert!(stored.iter().all(|row| row.token_hash.len() == 32));
    for table in ["audit_log", "audit_details"] {
        let rows = test.rows(&format!("SELECT * FROM {table}")).await;
        assert!(!json!(rows).to_string().contains(&token), "{table}");
    }
}

#[rstest]
#[tokio::test]
async fn opening_the_page_changes_nothing_however_often(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    for _ in 0..50 {
        let shown = test.anonymous().get(&page(&token)).await;
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains(r#"<form method="post" action="/password">"#), "{}", shown.text);
        assert!(shown.text.contains(&format!(r#"name="token" value="{token}""#)), "{}", shown.text);
        let head = test.anonymous().send(Method::HEAD, &page(&token), None).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    }
    log_in(&test, PASSWORD).await.ok();
    confirm(&test, &token, NEW).await.ok();
}

#[rstest]
#[tokio::test]
async fn the_page_sets_the_password_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let tech = test.tech().await;
    let token = reset_token(&test).await;
    let too_short = submit(test.anonymous(), &token, "court").await;
    assert_eq!(too_short.status, 400);
    let rule = "The new password is too short: at least 8 characters.";
    assert!(too_short.text.contains(rule), "{}", too_short.text);
    assert!(too_short.text.contains(&token), "the form is there again");

    let saved = submit(test.anonymous(), &token, NEW).await;
    assert_eq!((saved.status.as_u16(), saved.header("location")), (303, "/password?done=1"));
    let told = test.anonymous().get("/password?done=1").await;
    assert!(told.text.contains("Your password is set.") && !told.text.contains("<form"), "{}", told.text);
    tech.get("/auth/me").await.refused(401, "unauthenticated");
    log_in(&test, NEW).await.ok();

    let again = submit(test.anonymous(), &token, "un autre mot de passe").await;
    assert_eq!(again.status, 400);
    log_in(&test, NEW).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_bad_link_leads_to_a_page_that_says_so(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let markup = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for path in ["/password".into(), page(""), page("nonsense"), page(markup)] {
        let shown = test.anonymous().get(&path).await;
        assert_eq!(shown.status, 400, "{path}");
        assert_eq!(shown.header("content-type"), "text/html; charset=utf-8");
        assert!(shown.text.contains("This link is not valid."), "{}", shown.text);
        assert!(!shown.text.contains("<form") && !shown.text.contains("<script"), "{}", shown.text);
    }
    let echoed = submit(test.anonymous(), r#""><script>alert(1)</script>"#, "court").await;
    assert!(!echoed.text.contains("<script"), "{}", echoed.text);
}

#[rstest]
#[tokio::test]
async fn the_page_keeps_its_address_to_itself(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    let outcomes = [
        test.anonymous().get(&page(&token)).await,
        test.anonymous().get(&page("nonsense")).await,
        submit(test.anonymous(), &token, "court").await,
        test.anonymous().get("/password?done=1").await,
    ];
    for outcome in outcomes {
        assert_eq!(outcome.header("referrer-policy"), "no-referrer");
        assert_eq!(outcome.header("cache-control"), "no-store");
        assert_eq!(outcome.header("x-content-type-options"), "nosniff");
        assert!(!outcome.header("x-request-id").is_empty());
        let policy = outcome.header("content-security-policy");
        let directives: Vec<_> = policy.split(';').map(str::trim).collect();
        for directive in
            ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
        {
            assert!(directives.contains(&directive), "{directive} in {policy}");
        }
        assert!(!policy.contains("script-src"), "{policy}");
        assert!(!outcome.text.contains("<script"), "{}", outcome.text);
    }
}

#[rstest]
#[tokio::test]
async fn the_page_speaks_french_and_english(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let token = reset_token(&test).await;
    for (language, code, heading, invalid) in [
        ("fr-FR,en;q=0.5", "fr", "Choisir votre mot de passe", "Ce lien n’est pas valable."),
        ("en-GB,fr;q=0.5", "en", "Set your password", "This link is not valid."),
        ("de", "en", "Set your password", "This link is not valid."),
    ] {
        let reader = test.anonymous().with_header("accept-language", language);
        let shown = reader.get(&page(&token)).await.text;
        assert!(shown.contains(&format!(r#"<html lang="{code}">"#)) && shown.contains(heading), "{shown}");
        let refused = reader.get(&page("nonsense")).await.text;
        assert!(refused.contains(invalid), "{refused}");
    }
    let french = test.anonymous().with_header("accept-language", "fr");
    assert_eq!(submit(french.clone(), &token, NEW).await.status, 303);
    let saved = french.get("/password?done=1").await.text;
    assert!(saved.contains("Votre mot de passe est enregistré."), "{saved}");
}

#[rstest]
#[tokio::test]
async fn links_are_forgotten_a_day_after_they_ended(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let before = test.count("SELECT count(*) AS n FROM password_tokens").await;
    reset_token(&test).await;
    let forget = async || coulisses::resources::accounts::links::forget_old(&test.app.db).await.unwrap();
    // Those of the personas were welcomes, good for a week.
    test.pass_seconds(30 * MINUTE + 24 * 3600 - 1);
    assert_eq!(forget().await, 0);
    test.pass_seconds(1);
    assert_eq!(forget().await, 1);
    assert_eq!(test.count("SELECT count(*) AS n FROM password_tokens").await, before);
}
