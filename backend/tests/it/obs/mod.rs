//! What every request gets: an id, a problem document when it is refused, strict reading; and the custom verbs. What is told
//! of it: `lines` in the log, `traces`.

mod lines;
mod traces;

use crate::support::{Kind, Outcome, Test};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

#[rstest]
#[tokio::test]
async fn probes_answer_without_a_session(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    for (path, body) in [
        ("/healthz", json!({ "status": "ok" })),
        ("/livez", json!({ "status": "live" })),
        ("/readyz", json!({ "status": { "db": "ok", "storage": "ok", "cache": "memory", "ok": true } })),
        ("/api/v1/ping", json!({ "status": "ok" })),
    ] {
        let answer = test.anonymous().get(path).await;
        assert_eq!(answer.ok(), body, "{path}");
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        let head = test.anonymous().send(Method::HEAD, path, None).await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), "application/json", "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn a_safe_request_id_is_taken_over(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    for id in ["a", "req-1.a_b:c", &"x".repeat(128)] {
        let client = test.anonymous().with_header("x-request-id", id);
        assert_eq!(client.get("/healthz").await.header("x-request-id"), id);
        assert_eq!(client.get("/nothing").await.refused(404, "not_found")["request_id"], id);
    }
}

#[rstest]
#[tokio::test]
async fn an_unsafe_request_id_is_replaced(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    for id in ["", "a b", "a\tb", "a\"b", "a{b}", "a\\nb", "<b>", &"x".repeat(129)] {
        let client = test.anonymous().with_header("x-request-id", id);
        let given = client.get("/healthz").await.header("x-request-id").to_owned();
        assert_ne!(given, id);
        assert!(given.len() == 32 && given.bytes().all(|b| b.is_ascii_hexdigit()), "{given}");
        let refused = client.get("/nothing").await.refused(404, "not_found");
        assert_ne!(refused["request_id"], id);
    }
}

#[rstest]
#[tokio::test]
async fn requests_without_an_id_get_one_each(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mut ids = BTreeSet::new();
    for path in
        ["/healthz", "/nothing", "/api/v1/projects", "/api/v1/projects/x", "/password", "/openapi.json"]
    {
        let id = manager.get(path).await.header("x-request-id").to_owned();
        assert!(!id.is_empty() && ids.insert(id), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn the_request_id_is_in_the_audit_log(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    test.manager().await.with_header("x-request-id", "opening-night").project("Tempête").await;
    let sql = "SELECT action FROM audit_log WHERE request_id = 'opening-night'";
    assert_eq!(test.rows(sql).await, [json!({ "action": "project.create" })]);
}

#[rstest]
#[tokio::test]
async fn nothing_at_an_address_is_a_problem_document(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    for path in ["/nothing", "/api", "/api/v1", "/api/v1/nothing", "/api/v1/missions/", "/healthz/more"] {
        let answer = test.anonymous().get(path).await;
        let problem = answer.refused(404, "not_found");
        assert_eq!(problem["type"], "urn:coulisses:problem:not_found", "{path}");
        assert_eq!(problem["title"], "Not Found", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
    }
    test.manager().await.get("/missions/not-an-id").await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn a_method_that_is_not_taken_is_answered_with_those_that_are(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let allowed = |outcome: &Outcome| -> BTreeSet<String> {
        outcome.header("allow").split(',').map(|method| method.trim().to_owned()).collect()
    };
    for (method, path, methods) in [
        (Method::POST, "/healthz", &["GET", "HEAD"][..]),
        (Method::DELETE, "/projects", &["GET", "HEAD", "POST"]),
        (Method::GET, "/auth/login", &["POST"]),
        (Method::GET, "/missions/019f0000-0000-7000-8000-000000000000:duplicate", &["POST"]),
        (Method::PUT, "/password", &["GET", "HEAD", "POST"]),
        (Method::PUT, "/unsubscribe", &["GET", "HEAD", "POST"]),
    ] {
        let answer = manager.send(method, path, None).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(allowed(&answer), methods.iter().map(|method| (*method).to_owned()).collect(), "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn a_body_that_is_not_json_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = json!({ "name": "Tempête" }).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
        let sender = manager.clone().with_header("content-type", kind);
        let answer = sender.send(Method::POST, "/projects", Some(project.clone())).await;
        answer.refused(415, "unsupported_media_type");
    }
    for malformed in
        [r#"{"name":"#, "{'name': 'x'}", "nonsense", r#"{"name":"x"} {}"#, "\u{feff}\u{feff}{}", "{}\u{feff}"]
    {
        let answer = manager.send(Method::POST, "/projects", Some(malformed.into())).await;
        answer.refused(400, "malformed_json");
    }
    let sender = manager.clone().with_header("content-type", "Application/JSON; charset=utf-8");
    sender.send(Method::POST, "/projects", Some(project)).await.ok();
}

#[rstest]
#[tokio::test]
async fn a_content_type_without_a_body_is_ignored(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let sender = manager.with_header("content-type", "application/x-www-form-urlencoded");
    sender.post_empty(&format!("/missions/{mission}:duplicate")).await.ok();
    assert_eq!(sender.post_empty("/projects").await.wrong_members(), ["/name"]);
}

#[rstest]
#[tokio::test]
async fn a_body_that_is_too_large_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let project = manager.project("Tempête").await;
    let padded = |body: &str, length: usize| Some(format!("{body}{}", " ".repeat(length - body.len())));
    let named = r#"{"name":"Le Songe"}"#;
    manager.send(Method::POST, "/projects", padded(named, 64 * 1024 + 1)).await.refused(413, "too_large");
    manager.send(Method::POST, "/projects", padded(named, 64 * 1024)).await.ok();
    let many = format!("/projects/{project}/missions:bulk_create");
    let one = r#"[{"title":"a","start_at":"2026-07-10T08:00:00Z","end_at":"2026-07-10T09:00:00Z"}]"#;
    manager.send(Method::POST, &many, padded(one, 2 * 1024 * 1024 + 1)).await.refused(413, "too_large");
    manager.send(Method::POST, &many, padded(one, 2 * 1024 * 1024)).await.ok();
}

#[rstest]
#[tokio::test]
async fn every_wrong_member_is_named(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let wrong = async |body: Json| manager.post("/projects", body).await.wrong_members();
    assert_eq!(wrong(json!({ "name": "a\u{0}b" })).await, ["/name"]);
    assert_eq!(wrong(json!({ "name": "Tempête", "no\u{0}te": "x" })).await, ["/no\u{0}te"]);
    assert_eq!(wrong(json!({ "name": "Tempête", "nmae": "x" })).await, ["/nmae"]);
    assert_eq!(wrong(json!({ "name": 7 })).await, ["/name"]);
    assert_eq!(wrong(json!({ "name": "" })).await, ["/name"]);
    assert_eq!(wrong(json!({ "name": "x".repeat(10_000) })).await, ["/name"]);
    assert_eq!(wrong(json!({ "name": "Tempête", "org_id": test.other_org })).await, ["/org_id"]);
    assert_eq!(wrong(json!({})).await, ["/name"]);
    assert_eq!(wrong(json!([])).await, [""]);
    assert_eq!(wrong(json!({ "nmae": "x", "status": "OPEN" })).await, ["/nmae", "/status", "/name"]);
    assert_eq!(manager.get("/projects?stauts=ACTIVE").await.wrong_members(), ["/stauts"]);
    assert_eq!(manager.get("/users?q=a%00b").await.wrong_members(), ["/q"]);
    assert_eq!(manager.get("/projects").await.ok(), json!([]));
}

#[rstest]
#[tokio::test]
async fn a_deeply_nested_body_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for depth in [40, 200, 30_000] {
        let nested = format!(r#"{{"name":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let answer = manager.send(Method::POST, "/projects", Some(nested)).await;
        assert_eq!(answer.status, 400, "{depth}");
    }
}

#[rstest]
#[tokio::test]
async fn a_custom_verb_is_part_of_the_last_segment(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(":", "%3A", "%3a")] colon: &str,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    let copy = manager.post_empty(&format!("/missions/{mission}{colon}duplicate")).await.ok();
    assert_eq!(copy["title"], "Montage");
    assert_ne!(copy["id"], mission);
    manager.get(&format!("/missions/{}", copy["id"].as_str().expect("an id"))).await.ok();
    manager.post_empty(&format!("/missions/{mission}{colon}explode")).await.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn the_inner_form_of_a_custom_verb_is_no_address(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    for inner in ["~duplicate", "%7Eduplicate", "~~duplicate", "/~duplicate", ":duplicate", "duplicate"] {
        let answer = manager.post_empty(&format!("/missions/{mission}/{inner}")).await;
        answer.refused(404, "not_found");
    }
    assert_eq!(manager.get("/missions").await.ok().as_array().expect("an array").len(), 1);
}

#[rstest]
#[tokio::test]
async fn the_document_lists_custom_verbs_as_clients_write_them(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let answer = test.anonymous().get("/openapi.json").await;
    let document = answer.ok();
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1"), "{}", document["openapi"]);
    let paths = document["paths"].as_object().expect("paths");
    for path in [
        "/healthz",
        "/api/v1/missions/{id}:duplicate",
        "/api/v1/projects/{id}/missions:bulk_create",
        "/api/v1/assignments/{id}:status",
        "/api/v1/availabilities/{id}:approve",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
    assert!(!answer.text.contains("/~"), "the inner form shows");
    let operations: Vec<_> =
        paths.values().flat_map(|item| item.as_object().expect("operations").values()).collect();
    let ids: BTreeSet<_> = operations
        .iter()
        .map(|operation| operation["operationId"].as_str().expect("an operation id"))
        .collect();
    assert_eq!(ids.len(), operations.len(), "operation ids are unique: {ids:?}");
}
