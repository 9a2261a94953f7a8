//! What every address does with every method, body and query.

use crate::support::{Kind, Outcome, Sample, Test, operations};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

const SOME_ID: &str = "019f0000-0000-7000-8000-000000000000";

/// Every path of the document, with any id in it, and the methods that it takes.
fn addresses() -> BTreeMap<String, BTreeSet<String>> {
    let mut addresses: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for operation in operations() {
        let mut path = operation.template.clone();
        while let Some((before, rest)) = path.split_once('{') {
            path = format!("{before}{SOME_ID}{}", rest.split_once('}').unwrap().1);
        }
        let methods = addresses.entry(path).or_default();
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert("HEAD".into());
        }
    }
    addresses
}

fn allowed(answer: &Outcome) -> BTreeSet<String> {
    let values = answer.headers.get_all("allow").iter().map(|value| value.to_str().unwrap());
    values.flat_map(|value| value.split(',')).map(|method| method.trim().to_owned()).collect()
}

#[rstest]
#[tokio::test]
async fn options_tells_which_methods_there_are(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    for (path, methods) in addresses() {
        for who in [test.anonymous(), test.tech().await] {
            let answer = who.send(Method::OPTIONS, &path, None).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""), "{path}");
            assert_eq!(allowed(&answer), methods, "{path}");
        }
    }
    let nowhere = test.anonymous().send(Method::OPTIONS, "/nothing", None).await;
    nowhere.refused(404, "not_found");
}

#[rstest]
#[tokio::test]
async fn other_methods_are_refused_with_those_that_there_are(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    for (path, methods) in addresses() {
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if methods.contains(method) {
                continue;
            }
            let answer = owner.send(method.parse().unwrap(), &path, None).await;
            answer.refused(405, "method_not_allowed");
            assert_eq!(allowed(&answer), methods, "{method} {path}");
        }
        if !methods.contains("GET") {
            let answer = owner.send(Method::HEAD, &path, None).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (405, ""), "HEAD {path}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn head_answers_like_get_without_the_body(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let pages = ["/openapi.json", "/docs/", "/app/", "/invite?token=x", "/password", "/unsubscribe"];
    let mut paths = pages.map(str::to_owned).to_vec();
    for operation in operations().into_iter().filter(|operation| operation.method == Method::GET) {
        paths.push(Sample::of(&owner, &operation).await.path);
    }
    // One with a next page, and one that is refused.
    paths.extend(["/users?limit=1".to_owned(), format!("/projects/{SOME_ID}")]);
    for path in paths {
        let (get, head) = (owner.get(&path).await, owner.send(Method::HEAD, &path, None).await);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        for name in ["content-type", "etag", "link", "cache-control", "content-security-policy", "allow"] {
            assert_eq!(head.header(name), get.header(name), "{name} of {path}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_body_is_json_by_its_content_type(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let projects = test.count("SELECT count(*) AS n FROM projects").await;
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "text/json", "json", ""]
    {
        let sender = owner.clone().with_header("content-type", kind);
        let body = || Some(json!({ "name": format!("As {kind}") }).to_string());
        sender.send(Method::POST, "/projects", body()).await.refused(415, "unsupported_media_type");
    }
    assert_eq!(test.count("SELECT count(*) AS n FROM projects").await, projects);
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
        let sender = owner.clone().with_header("content-type", kind);
        let body = json!({ "name": format!("As {kind}") }).to_string();
        sender.send(Method::POST, "/projects", Some(body)).await.ok();
    }
    for operation in operations().iter().filter(|one| one.json.get("requestBody").is_some()) {
        let sample = Sample::of(&owner, operation).await;
        if sample.body.is_some() {
            let answer = sample.send(&owner.clone().with_header("content-type", "text/plain")).await;
            answer.refused(415, "unsupported_media_type");
        } else {
            // PowerShell names one without a body.
            sample
                .send(&owner.clone().with_header("content-type", "application/x-www-form-urlencoded"))
                .await
                .ok();
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_patch_is_merge_patch_or_plain_json(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/projects/{}", owner.project("Festival").await);
    for kind in
        ["application/merge-patch+json", "application/json", "application/merge-patch+json; charset=utf-8"]
    {
        let sender = owner.clone().with_header("content-type", kind);
        let patch = json!({ "note": kind }).to_string();
        assert_eq!(sender.send(Method::PATCH, &path, Some(patch)).await.ok()["note"], kind);
    }
    let sender = owner.clone().with_header("content-type", "text/plain");
    sender.send(Method::PATCH, &path, Some("{}".into())).await.refused(415, "unsupported_media_type");
}

fn body_of(bytes: usize) -> String {
    let frame = r#"{"name":"Festival"}"#;
    format!("{frame}{}", " ".repeat(bytes - frame.len()))
}

#[rstest]
#[tokio::test]
async fn a_body_has_64_kib_at_most(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/projects/{}", owner.project("Saison").await);
    for (method, path) in [(Method::PUT, path.as_str()), (Method::PATCH, &path), (Method::POST, "/projects")]
    {
        let large = owner.send(method.clone(), path, Some(body_of(64 * 1024 + 1))).await;
        large.refused(413, "too_large");
        // The largest is read.
        let read = owner.send(method, path, Some(body_of(64 * 1024))).await;
        assert!(matches!(read.status.as_u16(), 200 | 409), "{}", read.text);
    }
    // Beyond what even a bulk may have.
    owner.send(Method::POST, "/projects", Some(body_of(3 * 1024 * 1024))).await.refused(413, "too_large");
}

#[rstest]
#[tokio::test]
async fn a_bulk_body_has_2_mib_at_most(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let path = format!("/projects/{}/missions:bulk_create", owner.project("Saison").await);
    let item =
        json!({ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" });
    let items = json!([item]).to_string();
    let padded = |bytes: usize| Some(format!("{items}{}", " ".repeat(bytes - items.len())));
    let send = async |bytes| owner.send(Method::POST, &path, padded(bytes)).await;
    send(2 * 1024 * 1024 + 1).await.refused(413, "too_large");
    assert_eq!(send(2 * 1024 * 1024).await.ok()["created"], 1);
    for bulk in ["/assignments:bulk_create", "/invitations:bulk_create"] {
        let large = owner.send(Method::POST, bulk, padded(2 * 1024 * 1024 + 1)).await;
        large.refused(413, "too_large");
        let read = owner.send(Method::POST, bulk, padded(100 * 1024)).await;
        read.refused(400, "validation_failed");
    }
}

#[rstest]
#[tokio::test]
async fn lists_refuse_parameters_that_they_do_not_know(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let lists: Vec<_> =
        operations().into_iter().filter(|one| one.method == Method::GET && one.lists()).collect();
    assert!(lists.len() >= 9, "{}", lists.len());
    for list in lists {
        let path = Sample::of(&owner, &list).await.path;
        for (query, pointer) in [
            ("nonsense=1", "/nonsense"),
            ("Limit=1", "/Limit"),
            ("limit=0", "/limit"),
            ("limit=1001", "/limit"),
            ("limit=-1", "/limit"),
            ("limit=ten", "/limit"),
            ("limit=", "/limit"),
            ("limit=1&limit=2", "/limit"),
            ("cursor=nonsense", "/cursor"),
        ] {
            let answer = owner.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.wrong_members(), [pointer], "{path}?{query}");
        }
        let all: Json = owner.get(&format!("{path}?limit=1000")).await.ok();
        let wrapped = ["members", "conflicts"].iter().find_map(|name| all.get(name));
        assert!(wrapped.unwrap_or(&all).is_array(), "{path}");
    }
}
