//! The log of the running program: one JSON object a line, one line a request, none lost.

use crate::cli::{Cli, Serving};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn url(serving: &Serving, path: &str) -> String {
    format!("http://127.0.0.1:{}{path}", serving.port)
}

/// What is printed, each line an event.
#[track_caller]
fn events(printed: &str) -> Vec<Json> {
    printed.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

fn names(event: &Json) -> BTreeSet<&str> {
    event.as_object().expect("an object").keys().map(String::as_str).collect()
}

const ALWAYS: [&str; 10] = [
    "timestamp",
    "level",
    "target",
    "message",
    "request_id",
    "trace_id",
    "method",
    "path",
    "status",
    "duration_ms",
];

#[cfg(unix)]
#[tokio::test]
async fn a_request_is_one_line_with_these_fields() {
    let cli = Cli::new(&[]);
    let mut serving = Serving::start(&cli, &["demo"]);
    let client = reqwest::Client::new();
    let login = json!({ "email": "karim@rideau-rouge.example", "password": "entree-des-artistes" });
    let signed_in = client.post(url(&serving, "/api/v1/auth/login")).json(&login).send().await;
    let signed_in: Json = signed_in.expect("an answer").json().await.expect("JSON");
    serving.logs("request");
    let missing = "/api/v1/missions/019f0000-0000-7000-8000-000000000000:duplicate";
    let request = client.post(url(&serving, &format!("{missing}?token=hush")));
    let request = request.bearer_auth(signed_in["access_token"].as_str().expect("a token"));
    let request = request.header("x-request-id", "opening-night").header("cookie", "refresh_token=hush");
    let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    assert_eq!(request.send().await.expect("an answer").status(), 404);
    let line = serving.logs("request");
    for (name, value) in [
        ("level", json!("INFO")),
        ("request_id", json!("opening-night")),
        ("trace_id", json!(TRACE)),
        ("method", json!("POST")),
        ("path", json!(missing)),
        ("route", json!("/api/v1/missions/{id}:duplicate")),
        ("status", json!(404)),
        ("org_id", signed_in["org_id"].clone()),
    ] {
        assert_eq!(line[name], value, "{name} in {line}");
    }
    assert!(line["duration_ms"].as_f64().is_some_and(|took| took > 0.0), "{line}");
    assert_eq!(line["account_id"].as_str().expect("an account").len(), 36);
    let all = ALWAYS.into_iter().chain(["route", "org_id", "account_id"]).collect();
    assert_eq!(names(&line), all);
    assert!(!line.to_string().contains("hush"), "{line}");

    client.get(url(&serving, "/nothing?token=hush")).send().await.expect("an answer");
    let line = serving.logs("request");
    assert_eq!(names(&line), ALWAYS.into_iter().collect());
    assert_eq!((&line["path"], &line["status"]), (&json!("/nothing"), &json!(404)));
    let long = format!("/{}", "x".repeat(20_000));
    assert_eq!(client.get(url(&serving, &long)).send().await.expect("an answer").status(), 414);
    assert_eq!(serving.logs("request")["path"], long[..1024]);
    let (status, rest) = serving.terminate();
    assert_eq!(status, Some(0));
    assert_eq!(events(&rest).last().expect("a line")["message"], "stopped");
}

#[cfg(unix)]
#[tokio::test]
async fn none_is_lost_when_it_stops() {
    let cli = Cli::new(&[]);
    let serving = Serving::start(&cli, &["serve"]);
    let client = reqwest::Client::new();
    // As many as a pipe holds: nobody reads them before the end.
    let answers = (0..100).map(|number| {
        let request = client.get(url(&serving, "/healthz"));
        request.header("x-request-id", format!("request-{number}")).send()
    });
    for answer in crate::support::together(answers).await {
        assert_eq!(answer.expect("an answer").status(), 200);
    }
    let (_, rest) = serving.terminate();
    let events = events(&rest);
    let ids: Vec<_> = events.iter().filter_map(|event| event["request_id"].as_str()).collect();
    assert_eq!(ids.len(), 100);
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 100);
}

#[cfg(unix)]
#[tokio::test]
async fn a_level_above_leaves_them_out() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    drop(listener);
    let cli = Cli::new(&[("BACKEND_PORT", &port.to_string()), ("LOG_LEVEL", "WARN")]);
    let serving = Serving::start_silent(&cli, port);
    assert_eq!(reqwest::get(url(&serving, "/healthz")).await.expect("an answer").status(), 200);
    assert_eq!(serving.terminate(), (Some(0), String::new()));
}
