//! Limits: headers 64 and 16 KiB, URI 8 KiB, JSON depth 32, login and reset bodies 4 KiB, others 64 KiB, bulk 2 MiB.

use crate::support::{Kind, PASSWORD, Persona, Server, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What the server says to this head, on a connection of its own.
async fn exchange(server: &Server, target: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("it listens");
    let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    // It may answer and close before it has all.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).expect("UTF-8")
}

#[track_caller]
fn assert_problem(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.contains(&format!(r#""code":"{code}""#)), "{answer}");
}

#[rstest]
#[tokio::test]
async fn headers_are_at_most_64(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    // Two are sent anyway.
    let headers = |number: usize| (2..number).map(|n| format!("x-{n}: a\r\n")).collect::<String>();
    assert!(exchange(&server, "/healthz", &headers(64)).await.starts_with("HTTP/1.1 200 OK"));
    assert_problem(&exchange(&server, "/healthz", &headers(65)).await, 431, "headers_too_large");
    // The same header counts each time.
    let same = "cookie: a=b\r\n".repeat(63);
    assert_problem(&exchange(&server, "/api/v1/missions", &same).await, 431, "headers_too_large");
    let beyond = exchange(&server, "/healthz", &headers(1000)).await;
    assert!(beyond.starts_with("HTTP/1.1 431 "), "{beyond}");
}

#[rstest]
#[tokio::test]
async fn headers_are_at_most_16_kib(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let around = "Host: x\r\nConnection: close\r\nx-long: \r\n".len();
    let header = |bytes: usize| format!("x-long: {}\r\n", "a".repeat(bytes - around));
    assert!(exchange(&server, "/healthz", &header(16 * 1024)).await.starts_with("HTTP/1.1 200 OK"));
    let answer = exchange(&server, "/healthz", &header(16 * 1024 + 1)).await;
    assert_problem(&answer, 431, "headers_too_large");
    let beyond = exchange(&server, "/healthz", &header(1024 * 1024)).await;
    assert!(beyond.is_empty() || beyond.starts_with("HTTP/1.1 431 "), "{beyond}");
    // As documented, of every operation.
    let cookie = "a".repeat(16 * 1024);
    for path in ["/missions", "/healthz", "/auth/me"] {
        let refused = test.manager().await.with_header("cookie", &cookie).get(path).await;
        refused.refused(431, "headers_too_large");
    }
}

#[rstest]
#[tokio::test]
async fn an_address_is_at_most_8_kib(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let server = Server::start(&test).await;
    let target = |bytes: usize| format!("/healthz?{}", "a".repeat(bytes - "/healthz?".len()));
    assert!(exchange(&server, &target(8 * 1024), "").await.starts_with("HTTP/1.1 200 OK"));
    assert_problem(&exchange(&server, &target(8 * 1024 + 1), "").await, 414, "uri_too_long");
    let beyond = exchange(&server, &target(1024 * 1024), "").await;
    assert!(beyond.is_empty() || beyond.starts_with("HTTP/1.1 4"), "{beyond}");
    let manager = test.manager().await;
    // Custom verbs and first names are longer inside than as they are sent.
    let verb =
        |bytes: usize| format!("/availability/{}:x", "a".repeat(bytes - "/api/v1/availability/:x".len()));
    manager.post_empty(&verb(8 * 1024)).await.refused(404, "not_found");
    manager.post_empty(&verb(8 * 1024 + 1)).await.refused(414, "uri_too_long");
    manager.get(&format!("/missions?q={}", "a".repeat(8 * 1024))).await.refused(414, "uri_too_long");
}

#[rstest]
#[tokio::test]
async fn json_is_at_most_32_deep(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Tempête").await;
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let too_deep = async |persona: &Persona<'_>, method: Method, path: &str, body: String| {
        let problem = persona.send(method, path, Some(body)).await.refused(400, "validation_failed");
        problem["errors"].to_string().contains("nested deeper than 32 levels")
    };
    let bulk = format!("/projects/{project}/missions:bulk_create");
    let patch = format!("/projects/{project}");
    for (depth, deeper) in [(32, false), (33, true), (100, true)] {
        let one = format!(r#"{{"name":{}}}"#, nested(depth - 1));
        assert_eq!(too_deep(&manager, Method::POST, "/projects", one.clone()).await, deeper, "{depth}");
        assert_eq!(too_deep(&manager, Method::PATCH, &patch, one).await, deeper, "{depth}");
        let many = format!(r#"[{{"title":{}}}]"#, nested(depth - 2));
        assert_eq!(too_deep(&manager, Method::POST, &bulk, many).await, deeper, "{depth}");
    }
    let bottomless = "[".repeat(60_000);
    manager.send(Method::POST, "/projects", Some(bottomless)).await.refused(400, "malformed_json");
}

#[rstest]
#[tokio::test]
async fn login_and_reset_bodies_are_at_most_4_kib(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let anyone = test.anonymous();
    let tech = test.tech().await;
    let reset = anyone.post("/auth/reset/request", json!({ "email": "manager@rideau.example" })).await.ok();
    let padded = |body: &serde_json::Value, bytes: usize| {
        let body = body.to_string();
        Some(format!("{body}{}", " ".repeat(bytes - body.len())))
    };
    for (persona, path, body) in [
        (&anyone, "/auth/login", json!({ "email": "tech@rideau.example", "password": PASSWORD })),
        (&anyone, "/auth/reset/request", json!({ "email": "tech@rideau.example" })),
        (
            &anyone,
            "/auth/reset/confirm",
            json!({ "token": reset["reset_token"], "new_password": "cinq actes et un prologue" }),
        ),
        (&tech, "/auth/password", json!({ "current_password": PASSWORD, "new_password": PASSWORD })),
    ] {
        let refused = persona.send(Method::POST, path, padded(&body, 4097)).await;
        let problem = refused.refused(413, "too_large");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("4096")), "{problem}");
        persona.send(Method::POST, path, padded(&body, 4096)).await.ok();
    }
    let page = anyone.with_header("content-type", "application/x-www-form-urlencoded");
    let form = |bytes: usize| Some(format!("token={}", "a".repeat(bytes - "token=".len())));
    page.send(Method::POST, "/password", form(4097)).await.refused(413, "too_large");
    assert_eq!(page.send(Method::POST, "/password", form(4096)).await.status, 400);
}

/// Those of 64 KiB and of bulk: `obs::a_body_that_is_too_large_is_refused`. Here: of what takes no body at all.
#[rstest]
#[tokio::test]
async fn a_body_that_is_not_asked_for_is_limited_too(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let large = || Some(" ".repeat(64 * 1024 + 1));
    let path = format!("/missions/{mission}");
    manager.send(Method::POST, &format!("{path}:duplicate"), large()).await.refused(413, "too_large");
    manager.send(Method::DELETE, &path, large()).await.refused(413, "too_large");
}

#[rstest]
#[tokio::test]
async fn a_large_body_is_read_only_of_who_is_signed_in(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let large = || Some(format!("[{}]", " ".repeat(64 * 1024)));
    let path = "/assignments:bulk_create";
    test.manager().await.send(Method::POST, path, large()).await.refused(400, "validation_failed");
    for token in ["", "nonsense"] {
        let stranger = test.anonymous().with_token(token);
        stranger.send(Method::POST, path, large()).await.refused(401, "unauthenticated");
    }
}
