//! Signing in, staying signed in, signing out, and every token that must not pass.

use crate::support::{Kind, Outcome, PASSWORD, Test, together};
use axum::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const TECH: &str = "tech@rideau.example";
const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;
const OWN_SECRETS: [(&str, &str); 3] = [
    ("ENV", "prod"),
    ("SECRET_KEY", "a-secret-of-this-test-0123456789abcdef"),
    ("INVITES_SECRET", "another-secret-of-it-0123456789abcdef"),
];

struct Session {
    access: String,
    refresh: String,
}

fn session_of(answer: &Outcome) -> Session {
    let access = answer.ok()["access_token"].as_str().expect("an access token").to_owned();
    Session { access, refresh: answer.refresh_cookie().expect("a refresh cookie") }
}

async fn log_in(test: &Test, body: Json) -> Outcome {
    test.anonymous().post("/auth/login", body).await
}

async fn session(test: &Test) -> Session {
    session_of(&log_in(test, json!({ "email": TECH, "password": PASSWORD })).await)
}

async fn with_cookie(test: &Test, path: &str, refresh: &str) -> Outcome {
    test.anonymous().with_header("cookie", &format!("refresh_token={refresh}")).post_empty(path).await
}

async fn refresh(test: &Test, refresh: &str) -> Outcome {
    with_cookie(test, "/auth/refresh", refresh).await
}

async fn me(test: &Test, access: &str) -> Outcome {
    test.anonymous().with_token(access).get("/auth/me").await
}

fn cookie_attributes(answer: &Outcome) -> BTreeSet<String> {
    answer.header("set-cookie").split("; ").skip(1).map(str::to_owned).collect()
}

fn claims_of(token: &str) -> Json {
    let payload = token.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("claims")
}

fn signed(algorithm: Algorithm, secret: &str, claims: &Json) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(algorithm), claims, &key).expect("a token")
}

async fn invite_token(test: &Test) -> String {
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let assignment = manager.assignment(&mission, &test.tech_user.to_string()).await;
    manager.invitation(&assignment).await.1
}

#[rstest]
#[tokio::test]
async fn signing_in_answers_an_access_token_and_a_refresh_cookie(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let answer = log_in(&test, json!({ "email": TECH, "password": PASSWORD })).await;
    let session = session_of(&answer);
    assert_eq!(
        answer.ok(),
        json!({
            "access_token": session.access, "token_type": "bearer", "expires_in": 1800, "org_id": test.org,
        })
    );
    assert_eq!(
        cookie_attributes(&answer),
        ["HttpOnly", "SameSite=Lax", "Path=/api/v1/auth", "Max-Age=604800"].map(str::to_owned).into()
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    me(&test, &session.access).await.ok();
}

#[rstest]
#[tokio::test]
async fn an_access_token_says_who_where_and_for_how_long(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    let claims = claims_of(&session.access);
    let names: BTreeSet<_> = claims.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["exp", "iat", "jti", "org", "sid", "sub", "typ"].into());
    assert_eq!(claims["typ"], "access");
    assert_eq!(claims["org"], json!(test.org));
    assert_eq!(claims["sub"], me(&test, &session.access).await.ok()["id"]);
    assert_eq!(claims["iat"], test.clock.now().as_seconds());
    assert_eq!(claims["exp"], test.clock.now().as_seconds() + 30 * MINUTE);
    assert_ne!(claims["jti"], claims_of(&self::session(&test).await.access)["jti"]);
}

#[rstest]
#[tokio::test]
async fn outside_dev_the_cookie_is_sent_over_tls_only(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &OWN_SECRETS).await;
    let answer = log_in(&test, json!({ "email": TECH, "password": PASSWORD })).await;
    assert!(cookie_attributes(&answer).contains("Secure"));
    let renewed = refresh(&test, &session_of(&answer).refresh).await;
    assert!(cookie_attributes(&renewed).contains("Secure"));
}

#[rstest]
#[tokio::test]
async fn the_e_mail_is_compared_without_regard_to_case(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    log_in(&test, json!({ "email": "Tech@Rideau.Example", "password": PASSWORD })).await.ok();
}

#[rstest]
#[tokio::test]
async fn refused_sign_ins_cannot_be_told_apart(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.execute("UPDATE accounts SET password_hash = NULL WHERE email_key = 'admin@rideau.example'").await;
    test.execute("UPDATE accounts SET is_active = false WHERE email_key = 'manager@rideau.example'").await;
    let expected = json!({
        "type": "urn:coulisses:problem:invalid_credentials", "title": "Unauthorized", "status": 401,
        "detail": "The e-mail or the password is wrong.", "code": "invalid_credentials",
    });
    let refused = [
        json!({ "email": TECH, "password": "le mauvais mot de passe" }),
        json!({ "email": TECH, "password": "" }),
        json!({ "email": "nobody@rideau.example", "password": PASSWORD }),
        json!({ "email": "not an e-mail", "password": PASSWORD }),
        json!({ "email": "", "password": PASSWORD }),
        json!({ "email": "admin@rideau.example", "password": PASSWORD }),
        json!({ "email": "admin@rideau.example", "password": "" }),
        json!({ "email": "manager@rideau.example", "password": PASSWORD }),
        json!({ "email": TECH, "password": PASSWORD, "org_id": test.other_org }),
    ];
    for body in &refused {
        let answer = log_in(&test, body.clone()).await;
        answer.refused(401, "invalid_credentials");
        assert_eq!(answer.without_request_id(), expected, "{body}");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{body}");
        assert_eq!(answer.header("set-cookie"), "", "{body}");
    }
    log_in(&test, json!({ "email": TECH, "password": PASSWORD, "org_id": test.org })).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_member_of_several_orgs_acts_where_they_acted_last(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    test.pass_seconds(1);
    let second = json!({ "email": TECH, "role": "manager" });
    test.other_owner().await.post("/orgs/members", second).await.ok();
    test.prove(TECH).await;
    let org_after = async |body: Json| log_in(&test, body).await.ok()["org_id"].clone();
    let anywhere = json!({ "email": TECH, "password": PASSWORD });
    let other = json!({ "email": TECH, "password": PASSWORD, "org_id": test.other_org });
    assert_eq!(org_after(anywhere.clone()).await, json!(test.org));
    test.pass_seconds(1);
    assert_eq!(org_after(other).await, json!(test.other_org));
    test.pass_seconds(1);
    assert_eq!(org_after(anywhere).await, json!(test.other_org));
}

#[rstest]
#[tokio::test]
async fn me_tells_who_is_signed_in_and_where_else_they_may_act(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    test.pass_seconds(1);
    let second = json!({ "email": TECH, "role": "manager" });
    test.other_owner().await.post("/orgs/members", second).await.ok();
    test.prove(TECH).await;
    let session = session(&test).await;
    let me = me(&test, &session.access).await.ok();
    assert_eq!(
        me,
        json!({
            "id": claims_of(&session.access)["sub"],
            "email": TECH,
            "org_id": test.org,
            "role": "tech",
            "locale": null,
            "notify": "declines",
            "user_id": test.tech_user,
            "memberships": [
                {
                    "org_id": test.org, "org_name": "Théâtre du Rideau", "role": "tech", "pending": false,
                    "notify": "declines",
                },
                {
                    "org_id": test.other_org, "org_name": "Other House", "role": "manager", "pending": false,
                    "notify": "declines",
                },
            ],
        })
    );
    test.anonymous().get("/auth/me").await.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn each_refresh_gives_the_next_token(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let first = session(&test).await;
    test.pass_seconds(20 * MINUTE);
    let answer = refresh(&test, &first.refresh).await;
    let second = session_of(&answer);
    let members: BTreeSet<_> = answer.ok().as_object().expect("an object").keys().cloned().collect();
    assert_eq!(members, ["access_token", "expires_in", "org_id", "token_type"].map(str::to_owned).into());
    assert_eq!(
        cookie_attributes(&answer),
        ["HttpOnly", "SameSite=Lax", "Path=/api/v1/auth", "Max-Age=604800"].map(str::to_owned).into()
    );
    assert_ne!(second.refresh, first.refresh);
    assert_ne!(second.access, first.access);
    assert_eq!(claims_of(&second.access)["sid"], claims_of(&first.access)["sid"]);
    me(&test, &first.access).await.ok();
    test.pass_seconds(20 * MINUTE);
    me(&test, &first.access).await.refused(401, "unauthenticated");
    me(&test, &second.access).await.ok();
    session_of(&refresh(&test, &second.refresh).await);
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_is_given_again_for_thirty_seconds(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let first = session(&test).await;
    let lost = session_of(&refresh(&test, &first.refresh).await);
    test.pass_seconds(30);
    let again = session_of(&refresh(&test, &first.refresh).await);
    assert_eq!(again.refresh, lost.refresh);
    me(&test, &again.access).await.ok();
    let next = session_of(&refresh(&test, &again.refresh).await);
    assert_ne!(next.refresh, again.refresh);
}

async fn assert_session_ended(test: &Test, access: &str, newest: &str) {
    refresh(test, newest).await.refused(401, "unauthenticated");
    me(test, access).await.refused(401, "unauthenticated");
    let sql =
        "SELECT count(*) AS n FROM audit_log WHERE action = 'session.reuse' AND object_type = 'session'";
    assert_eq!(test.count(sql).await, 1);
}

#[rstest]
#[tokio::test]
async fn a_used_token_that_comes_back_late_ends_its_session_and_no_other(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let bystander = session(&test).await;
    let first = session(&test).await;
    let second = session_of(&refresh(&test, &first.refresh).await);
    test.pass_seconds(31);
    refresh(&test, &first.refresh).await.refused(401, "unauthenticated");
    assert_session_ended(&test, &second.access, &second.refresh).await;
    me(&test, &bystander.access).await.ok();
    session_of(&refresh(&test, &bystander.refresh).await);
}

#[rstest]
#[tokio::test]
async fn a_used_token_whose_successor_was_used_ends_its_session_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let first = session(&test).await;
    let second = session_of(&refresh(&test, &first.refresh).await);
    let third = session_of(&refresh(&test, &second.refresh).await);
    refresh(&test, &first.refresh).await.refused(401, "unauthenticated");
    assert_session_ended(&test, &third.access, &third.refresh).await;
}

#[rstest]
#[tokio::test]
async fn twenty_tabs_refresh_at_once_and_nobody_is_signed_out(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let first = session(&test).await;
    let answers = together((0..20).map(|_| refresh(&test, &first.refresh))).await;
    let successors: BTreeSet<_> = answers.iter().map(|answer| session_of(answer).refresh).collect();
    assert_eq!(successors.len(), 1, "they share one successor");
    for answer in &answers {
        me(&test, &session_of(answer).access).await.ok();
    }
    session_of(&refresh(&test, successors.first().expect("a successor")).await);
}

#[rstest]
#[tokio::test]
async fn refreshing_keeps_the_org_that_was_signed_in_to(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.pass_seconds(1);
    let second = json!({ "email": TECH, "role": "manager" });
    test.other_owner().await.post("/orgs/members", second).await.ok();
    test.prove(TECH).await;
    let other = json!({ "email": TECH, "password": PASSWORD, "org_id": test.other_org });
    let there = session_of(&log_in(&test, other).await);
    session(&test).await;
    assert_eq!(refresh(&test, &there.refresh).await.ok()["org_id"], json!(test.other_org));
}

#[rstest]
#[tokio::test]
async fn signing_out_ends_the_session_at_once_and_deletes_the_cookie(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let other_device = session(&test).await;
    let here = session(&test).await;
    let elsewhere = test.second_instance().await;
    test.anonymous().at(&elsewhere).with_token(&here.access).get("/auth/me").await.ok();

    let answer = with_cookie(&test, "/auth/logout", &here.refresh).await;
    assert_eq!(answer.ok(), json!({ "status": "ok" }));
    assert!(answer.header("set-cookie").starts_with("refresh_token=;"), "{:?}", answer.headers);
    let attributes = cookie_attributes(&answer);
    assert!(attributes.contains("Path=/api/v1/auth"), "{attributes:?}");
    assert!(attributes.contains("Max-Age=0"), "{attributes:?}");

    me(&test, &here.access).await.refused(401, "unauthenticated");
    let there = test.anonymous().at(&elsewhere).with_token(&here.access).get("/auth/me").await;
    there.refused(401, "unauthenticated");
    refresh(&test, &here.refresh).await.refused(401, "unauthenticated");
    me(&test, &other_device.access).await.ok();
}

#[rstest]
#[tokio::test]
async fn signing_out_without_a_session_is_harmless(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    test.anonymous().post_empty("/auth/logout").await.ok();
    with_cookie(&test, "/auth/logout", "nonsense").await.ok();
    me(&test, &session.access).await.ok();
    with_cookie(&test, "/auth/logout", &session.refresh).await.ok();
    with_cookie(&test, "/auth/logout", &session.refresh).await.ok();
}

#[rstest]
#[tokio::test]
async fn an_access_token_lives_thirty_minutes_and_the_leeway(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    test.pass_seconds(30 * MINUTE + 29);
    me(&test, &session.access).await.ok();
    test.pass_seconds(1);
    let answer = me(&test, &session.access).await;
    answer.refused(401, "unauthenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}

#[rstest]
#[tokio::test]
async fn a_session_lives_seven_days_from_its_last_refresh(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let first = session(&test).await;
    let unused = session(&test).await;
    test.pass_seconds(7 * DAY - 1);
    let renewed = session_of(&refresh(&test, &first.refresh).await);
    test.pass_seconds(1);
    refresh(&test, &unused.refresh).await.refused(401, "unauthenticated");
    test.pass_seconds(7 * DAY - 2);
    let renewed = session_of(&refresh(&test, &renewed.refresh).await);
    test.pass_seconds(7 * DAY);
    refresh(&test, &renewed.refresh).await.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn no_token_passes_for_another(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    let invite = invite_token(&test).await;
    for bearer in [&session.refresh, &invite] {
        me(&test, bearer).await.refused(401, "unauthenticated");
    }
    for cookie in [&session.access, &invite] {
        refresh(&test, cookie).await.refused(401, "unauthenticated");
        with_cookie(&test, "/auth/logout", cookie).await.ok();
    }
    for token in [&session.access, &session.refresh] {
        let path = format!("/invitations/verify?token={token}");
        test.anonymous().get(&path).await.refused(400, "invalid_token");
        let new = json!({ "token": token, "new_password": "un nouveau mot de passe" });
        test.anonymous().post("/auth/reset/confirm", new).await.refused(400, "invalid_token");
    }
    me(&test, &session.access).await.ok();
    session_of(&refresh(&test, &session.refresh).await);
    test.anonymous().get(&format!("/invitations/verify?token={invite}")).await.ok();
}

#[rstest]
#[tokio::test]
async fn the_kind_of_a_token_counts_even_under_the_right_key(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    let secret = test.app.config.secret_key.expose_secret().to_owned();
    let retyped = |token: &str, kind: &str| {
        let mut claims = claims_of(token);
        claims["typ"] = json!(kind);
        signed(Algorithm::HS256, &secret, &claims)
    };
    for kind in ["refresh", "invite", "ACCESS", ""] {
        me(&test, &retyped(&session.access, kind)).await.refused(401, "unauthenticated");
    }
    for kind in ["access", "invite", ""] {
        refresh(&test, &retyped(&session.refresh, kind)).await.refused(401, "unauthenticated");
    }
    me(&test, &retyped(&session.access, "access")).await.ok();
    session_of(&refresh(&test, &retyped(&session.refresh, "refresh")).await);
}

#[rstest]
#[tokio::test]
async fn only_the_own_key_and_the_pinned_algorithm_are_accepted(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    let secret = test.app.config.secret_key.expose_secret();
    let claims = claims_of(&session.access);
    let payload = session.access.split('.').nth(1).expect("a payload");
    let signature = session.access.split('.').nth(2).expect("a signature");
    let unsigned = |algorithm: &str| {
        URL_SAFE_NO_PAD.encode(json!({ "alg": algorithm, "typ": "JWT" }).to_string()) + "." + payload
    };
    let mut forged_claims = claims.clone();
    forged_claims["org"] = json!(test.other_org);
    let forged_payload = URL_SAFE_NO_PAD.encode(forged_claims.to_string());
    let mut eternal = claims.clone();
    eternal.as_object_mut().expect("an object").remove("exp");
    for forged in [
        format!("{}.", unsigned("none")),
        format!("{}.{signature}", unsigned("none")),
        format!("{}.", unsigned("NONE")),
        format!("{}.", unsigned("HS256")),
        signed(Algorithm::HS256, "someone else's key 0123456789abcdef", &claims),
        signed(Algorithm::HS256, test.app.config.invites_secret.expose_secret(), &claims),
        signed(Algorithm::HS256, "", &claims),
        signed(Algorithm::HS384, secret, &claims),
        signed(Algorithm::HS512, secret, &claims),
        signed(Algorithm::HS256, secret, &eternal),
        session.access.replace(payload, &forged_payload),
        String::new(),
        "a.b.c".into(),
    ] {
        me(&test, &forged).await.refused(401, "unauthenticated");
    }
    me(&test, &signed(Algorithm::HS256, secret, &claims)).await.ok();
}

#[rstest]
#[tokio::test]
async fn another_scheme_than_bearer_is_no_sign_in(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    let with =
        async |value: String| test.anonymous().with_header("authorization", &value).get("/auth/me").await;
    with(format!("Basic {}", session.access)).await.refused(401, "unauthenticated");
    with(session.access.clone()).await.refused(401, "unauthenticated");
    with(format!("bearer {}", session.access)).await.ok();
}

#[rstest]
#[tokio::test]
async fn the_role_is_read_from_the_database_at_each_request(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let tech = test.tech().await;
    tech.get("/rbac_demo/manager").await.refused(403, "forbidden");
    let become_ = async |role: &str| {
        let sql = format!(
            "UPDATE org_memberships SET role = '{role}' \
             WHERE account_id = (SELECT id FROM accounts WHERE email_key = '{TECH}')"
        );
        test.execute(&sql).await;
    };
    become_("manager").await;
    tech.get("/rbac_demo/manager").await.ok();
    assert_eq!(tech.get("/auth/me").await.ok()["role"], "manager");
    become_("tech").await;
    tech.get("/rbac_demo/manager").await.refused(403, "forbidden");
}

#[rstest]
#[tokio::test]
async fn a_membership_that_ended_or_is_inactive_ends_access_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values("DELETE FROM org_memberships", "UPDATE org_memberships SET is_active = false")] change: &str,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    manager.get("/projects").await.ok();
    let whose = "account_id = (SELECT id FROM accounts WHERE email_key = 'manager@rideau.example')";
    test.execute(&format!("{change} WHERE {whose}")).await;
    for path in ["/projects", "/auth/me", "/rbac_demo/any"] {
        manager.get(path).await.refused(403, "not_a_member");
    }
    let login = json!({ "email": "manager@rideau.example", "password": PASSWORD });
    log_in(&test, login).await.refused(401, "invalid_credentials");
}

#[rstest]
#[tokio::test]
async fn an_account_that_is_switched_off_is_signed_out_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    me(&test, &session.access).await.ok();
    test.execute(&format!("UPDATE accounts SET is_active = false WHERE email_key = '{TECH}'")).await;
    me(&test, &session.access).await.refused(401, "unauthenticated");
    refresh(&test, &session.refresh).await.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn a_foreign_site_can_neither_refresh_nor_sign_out(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    let from = async |origin: &str, path: &str, cookie: &str| {
        let browser = test.anonymous().with_header("origin", origin).with_header("host", "127.0.0.1:8000");
        browser.with_header("cookie", &format!("refresh_token={cookie}")).post_empty(path).await
    };
    for origin in
        ["https://evil.example", "http://127.0.0.1:9000", "http://127.0.0.1:8000.evil.example", "null", ""]
    {
        for path in ["/auth/refresh", "/auth/logout"] {
            let answer = from(origin, path, &session.refresh).await;
            answer.refused(403, "foreign_origin");
            assert_eq!(answer.header("set-cookie"), "", "{origin} {path}");
        }
    }
    assert_eq!(test.count("SELECT count(*) AS n FROM sessions WHERE refresh_generation > 0").await, 0);
    let own = "http://127.0.0.1:8000";
    let renewed = session_of(&from(own, "/auth/refresh", &session.refresh).await);
    from(own, "/auth/logout", &renewed.refresh).await.ok();
    me(&test, &renewed.access).await.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn the_refresh_cookie_signs_nobody_in_elsewhere(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let session = session(&test).await;
    let browser = test.anonymous().with_header("cookie", &format!("refresh_token={}", session.refresh));
    for path in ["/auth/me", "/projects", "/rbac_demo/any"] {
        browser.get(path).await.refused(401, "unauthenticated");
    }
    let created =
        browser.send(Method::POST, "/projects", Some(json!({ "name": "Tempête" }).to_string())).await;
    created.refused(401, "unauthenticated");
}

#[rstest]
#[tokio::test]
async fn refreshing_needs_a_good_cookie(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.anonymous().post_empty("/auth/refresh").await.refused(401, "unauthenticated");
    for cookie in ["", "nonsense", "a.b.c"] {
        refresh(&test, cookie).await.refused(401, "unauthenticated");
    }
}
