//! Headers, CORS only for CORS_ORIGINS, and whose pages may use the refresh cookie.

use super::PROD;
use crate::support::{Kind, Outcome, PASSWORD, Persona, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::json;
use std::collections::BTreeSet;

const APP: &str = "https://app.rideau.example";
const CORS: [(&str, &str); 1] = [("CORS_ORIGINS", "https://app.rideau.example, http://localhost:3000")];

fn words(outcome: &Outcome, header: &str) -> BTreeSet<String> {
    let values = outcome.headers.get_all(header).iter();
    let values = values.flat_map(|value| value.to_str().expect("a text").split(','));
    values.map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[track_caller]
fn assert_allowed(answer: &Outcome, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), origin);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert!(words(answer, "vary").contains("origin"), "{:?}", answer.headers);
}

#[track_caller]
fn assert_silent(answer: &Outcome) {
    let told: Vec<_> =
        answer.headers.keys().filter(|name| name.as_str().starts_with("access-control")).collect();
    assert!(told.is_empty(), "{told:?}");
}

#[rstest]
#[tokio::test]
async fn every_answer_outside_dev_asks_for_tls(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let rule = "max-age=63072000; includeSubDomains";
    for (settings, wanted) in [(&PROD[..], rule), (&[], "")] {
        let test = Test::start_with(db, settings).await;
        let anyone = test.anonymous();
        let manager = test.manager().await;
        for answer in [
            anyone.get("/healthz").await,
            anyone.get("/nothing").await,
            anyone.get("/missions").await,
            anyone.get("/password").await,
            anyone.get("/unsubscribe").await,
            anyone.get("/docs").await,
            anyone.get("/docs/").await,
            anyone.get("/app").await,
            anyone.get("/app/").await,
            anyone.get("/openapi.json").await,
            manager.get("/missions").await,
            manager.post("/projects", json!({})).await,
            manager.send(Method::OPTIONS, "/missions", None).await,
            manager.get(&format!("/missions?q={}", "a".repeat(9000))).await,
        ] {
            assert_eq!(answer.header("strict-transport-security"), wanted, "{answer:?}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
            let policy = answer.header("content-security-policy");
            assert!(policy.contains("default-src 'none'"), "{answer:?}");
            assert!(policy.contains("frame-ancestors 'none'"), "{answer:?}");
            assert!(!policy.contains("script-src 'unsafe-inline'"), "{answer:?}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn cors_origins_may_call_with_credentials(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &CORS).await;
    let manager = test.manager().await;
    for origin in [APP, "http://localhost:3000"] {
        let page = manager.clone().with_header("origin", origin);
        for answer in [
            page.get("/missions").await,
            page.post("/projects", json!({ "name": origin })).await,
            page.post("/projects", json!({})).await,
            page.get("/nothing").await,
            page.get(&format!("/missions?q={}", "a".repeat(9000))).await,
            test.anonymous().with_header("origin", origin).get("/auth/me").await,
        ] {
            assert_allowed(&answer, origin);
            let shown = words(&answer, "access-control-expose-headers");
            for name in ["etag", "link", "x-request-id", "x-cache", "idempotency-replayed", "retry-after"] {
                assert!(shown.contains(name), "{name} in {shown:?}");
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_preflight_is_answered_without_a_session(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &CORS).await;
    let ask = |origin: &str| {
        let asking = test.anonymous().with_header("origin", origin);
        asking.with_header("access-control-request-method", "PATCH")
    };
    let answer = ask(APP).send(Method::OPTIONS, "/missions", None).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    assert_allowed(&answer, APP);
    let methods = words(&answer, "access-control-allow-methods");
    assert_eq!(methods, set(&["get", "head", "post", "put", "patch", "delete"]));
    let headers = words(&answer, "access-control-allow-headers");
    for name in
        ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-request-id"]
    {
        assert!(headers.contains(name), "{name} in {headers:?}");
    }
    assert_eq!(answer.header("access-control-max-age"), "7200");
    assert!(!answer.header("x-request-id").is_empty());

    let foreign = ask("https://evil.example").send(Method::OPTIONS, "/missions", None).await;
    assert_eq!(foreign.status, 204);
    assert_silent(&foreign);
    // Without a question it is an ordinary OPTIONS.
    let plain = test.anonymous().with_header("origin", APP).send(Method::OPTIONS, "/missions", None).await;
    assert_eq!((plain.status.as_u16(), words(&plain, "allow")), (204, set(&["get", "head", "post"])));
}

#[rstest]
#[tokio::test]
async fn cors_is_only_for_cors_origins(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &CORS).await;
    let manager = test.manager().await;
    for origin in [
        "https://evil.example",
        "http://app.rideau.example",
        "https://app.rideau.example:8443",
        "https://app.rideau.example.evil.example",
        "https://APP.rideau.example",
        "http://localhost",
        "null",
        "*",
        "",
    ] {
        let answer = manager.clone().with_header("origin", origin).get("/missions").await;
        answer.ok();
        assert_silent(&answer);
        assert!(words(&answer, "vary").contains("origin"), "a cache must tell origins apart");
    }
    let answer = manager.get("/missions").await;
    assert_silent(&answer);
    assert!(words(&answer, "vary").contains("origin"));
    // Nobody is allowed where none is named.
    let none = Test::start(db).await;
    let asking = none.manager().await.with_header("origin", APP);
    assert_silent(&asking.get("/missions").await);
    let asking = asking.with_header("access-control-request-method", "GET");
    assert_silent(&asking.send(Method::OPTIONS, "/missions", None).await);
}

/// A browser at `origin` with a fresh session: the codes of refreshing and signing out.
async fn cookie_codes(test: &Test, origin: &str, host: &str) -> [u16; 2] {
    let login = json!({ "email": "tech@rideau.example", "password": PASSWORD });
    let cookie = test.anonymous().post("/auth/login", login).await.refresh_cookie().expect("a session");
    let browser = test.anonymous().with_header("host", host);
    let browser = browser.with_header("cookie", &format!("refresh_token={cookie}"));
    let browser = if origin.is_empty() { browser } else { browser.with_header("origin", origin) };
    let code = async |browser: &Persona<'_>, path: &str| {
        let answer = browser.post_empty(path).await;
        if !answer.status.is_success() {
            answer.refused(403, "foreign_origin");
        }
        answer.status.as_u16()
    };
    [code(&browser, "/auth/refresh").await, code(&browser, "/auth/logout").await]
}

#[rstest]
#[tokio::test]
async fn refresh_and_logout_refuse_a_foreign_origin(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let public = ("PUBLIC_URL", "https://crew.rideau.example");
    let prod = Test::start_with(db, &[&PROD[..], &CORS, &[public]].concat()).await;
    let dev = Test::start_with(db, &[public]).await;
    let host = "localhost:8000";
    for (test, origin, host, wanted) in [
        // PUBLIC_URL's and CORS_ORIGINS, by whatever host; and who is no browser.
        (&prod, "https://crew.rideau.example", host, 200),
        (&prod, APP, host, 200),
        (&prod, "", host, 200),
        (&prod, "https://evil.example", host, 403),
        (&prod, "http://crew.rideau.example", host, 403),
        (&prod, "null", host, 403),
        // The Host is what a client says.
        (&prod, "https://evil.example", "evil.example", 403),
        (&prod, "http://localhost:8000", host, 403),
        // A developer's machine has many names, each with its port and without TLS.
        (&dev, "https://crew.rideau.example", host, 200),
        (&dev, "http://localhost:8000", host, 200),
        (&dev, "https://localhost:8000", host, 403),
        (&dev, "http://localhost:3000", host, 403),
        (&dev, "http://localhost", host, 403),
        (&dev, APP, host, 403),
    ] {
        assert_eq!(cookie_codes(test, origin, host).await, [wanted; 2], "{origin} at {host}");
    }
}
