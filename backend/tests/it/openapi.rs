//! The OpenAPI document is recorded, whole and complete, and the reference at `/docs` needs nothing but this program.

use crate::support::{Kind, Test};
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use tower::ServiceExt;

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

fn document() -> Json {
    coulisses::app::document()
}

/// Every operation, with its method and path.
fn operations(document: &Json) -> Vec<(String, &Json)> {
    let items = document["paths"].as_object().expect("paths").iter();
    let operations = items.flat_map(|(path, item)| {
        METHODS.iter().filter_map(move |method| Some((format!("{method} {path}"), item.get(*method)?)))
    });
    operations.collect()
}

/// Every value of the document by its JSON pointer.
fn walk<'a>(json: &'a Json, pointer: String, see: &mut impl FnMut(&str, &'a Json)) {
    see(&pointer, json);
    match json {
        Json::Object(members) => members.iter().for_each(|(name, value)| {
            let step = name.replace('~', "~0").replace('/', "~1");
            walk(value, format!("{pointer}/{step}"), see);
        }),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| walk(item, format!("{pointer}/{i}"), see));
        }
        _ => {}
    }
}

#[test]
fn the_document_is_the_recorded_one() {
    insta::assert_snapshot!("openapi", format!("{:#}", document()));
}

#[test]
fn every_snapshot_is_one_that_a_test_compares() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");
    let entries = std::fs::read_dir(folder).expect("the folder of snapshots");
    let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // What a failed comparison leaves to be accepted is no snapshot yet.
    let files: BTreeSet<_> = files.filter(|file| !file.ends_with(".snap.new")).collect();
    assert_eq!(files, ["it__migrations__schema.snap", "it__openapi__openapi.snap"].map(str::to_owned).into());
}

#[test]
fn every_operation_says_what_it_does_and_shows_an_answer() {
    let document = document();
    let mut ids = BTreeSet::new();
    let operations = operations(&document);
    assert!(operations.len() > 60, "{}", operations.len());
    for (name, operation) in operations {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(summary.len() > 5 && !summary.contains('\n'), "{name} has no summary: {summary:?}");
        let description = operation["description"].as_str().unwrap_or_default();
        assert!(description.len() > 20, "{name} has no description: {description:?}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name} has no tag");
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id), "{name} has no id of its own: {id:?}");
        let content = operation["responses"]["200"]["content"].as_object();
        let content = content.unwrap_or_else(|| panic!("{name} has no 200 with a body"));
        for (kind, content) in content {
            let example = content.get("example").filter(|example| !example.is_null());
            assert!(example.is_some() || content["examples"].is_object(), "{name} has no example of {kind}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter_name = parameter["name"].as_str().expect("a name");
            let description = parameter["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{name}: the parameter {parameter_name} has no description");
        }
    }
}

/// Read-only members may be sent back as they are, and an example's are others.
#[test]
fn an_example_of_a_body_has_only_what_can_be_set() {
    let document = document();
    let mut seen = 0;
    for (name, operation) in operations(&document) {
        for (kind, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            let Some(reference) = content["schema"]["$ref"].as_str() else { continue };
            let properties = &document.pointer(&reference[1..]).expect("a schema")["properties"];
            for member in content["example"].as_object().into_iter().flatten().map(|(member, _)| member) {
                seen += 1;
                assert_ne!(properties[member]["readOnly"], true, "{name} ({kind}): {member}");
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_property_is_described() {
    let document = document();
    let mut bare = Vec::new();
    let mut seen = 0;
    walk(&document, String::new(), &mut |pointer, value| {
        let of_schema = !pointer.contains("/example")
            && pointer.ends_with("/properties")
            && !pointer.ends_with("/properties/properties");
        for (name, property) in value.as_object().into_iter().flatten().filter(|_| of_schema) {
            seen += 1;
            if property["description"].as_str().is_none_or(str::is_empty) && property.get("$ref").is_none() {
                bare.push(format!("{pointer}/{name}"));
            }
        }
    });
    assert!(seen > 150, "{seen}");
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn every_schema_is_used() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let named = |json: &Json| {
        let mut names = BTreeSet::new();
        walk(json, String::new(), &mut |_, value| {
            let reference = value.get("$ref").and_then(Json::as_str);
            names
                .extend(reference.and_then(|to| to.strip_prefix("#/components/schemas/")).map(str::to_owned));
        });
        names
    };
    let mut reached = BTreeSet::new();
    let mut next: Vec<_> = named(&document["paths"]).into_iter().collect();
    while let Some(name) = next.pop() {
        if reached.insert(name.clone()) {
            next.extend(named(&schemas[&name]));
        }
    }
    let orphans: Vec<_> = schemas.keys().filter(|name| !reached.contains(*name)).collect();
    assert_eq!(orphans, Vec::<&String>::new());
}

#[tokio::test]
async fn the_command_prints_what_is_served() {
    let test = Test::start(Kind::Sqlite).await;
    let served = test.anonymous().get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_coulisses"))
        .arg("openapi")
        .env_clear()
        .output()
        .expect("the program starts");
    assert!(printed.status.success() && printed.stderr.is_empty(), "{printed:?}");
    let printed: Json = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(printed, served.ok());
    assert_eq!(printed, document());
    assert_eq!(printed["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
}

/// Where a text of HTML, CSS or script leads: the values of `src`, `href` and `url(…)`.
fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    for (before, end) in [("src=\"", '"'), ("href=\"", '"'), ("src='", '\''), ("href='", '\''), ("url(", ')')]
    {
        let found = text.split(before).skip(1).filter_map(|rest| rest.split_once(end));
        links.extend(found.map(|(link, _)| link.trim_matches(['"', '\''])));
    }
    links
}

/// Whether a text names another machine.
fn leads_away(text: &str) -> bool {
    ["http://", "https://", "ws://", "wss://", "\"//", "'//"].iter().any(|scheme| text.contains(scheme))
}

/// What the program serves at a link of the page; icons are no text.
async fn asset(test: &Test, link: &str) -> String {
    let path = if link.starts_with('/') {
        link.to_owned()
    } else {
        format!("/docs/{}", link.trim_start_matches("./"))
    };
    let request = Request::get(&path).body(Body::empty()).expect("a request");
    let response = test.router.clone().oneshot(request).await.expect("the router never fails");
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
    assert_policy(policy.and_then(|policy| policy.to_str().ok()).unwrap_or_default(), &path);
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("the body is read");
    assert!(!bytes.is_empty(), "{path} is empty");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Only the program itself, and what is inside a page that came from it.
#[track_caller]
fn assert_policy(policy: &str, path: &str) {
    let mut directives = BTreeMap::new();
    for directive in policy.split(';') {
        let mut words = directive.split_whitespace();
        directives.insert(words.next().unwrap_or_default(), words.collect::<Vec<_>>());
    }
    assert!(directives.contains_key("default-src"), "{path}: {policy:?}");
    for (directive, sources) in directives {
        for source in sources {
            let allowed = match source {
                "'self'" | "'none'" => true,
                "'unsafe-inline'" => directive == "style-src",
                "data:" => directive == "img-src",
                // The style of the pages is inline.
                hash if hash.starts_with("'sha256-") => directive == "style-src",
                _ => false,
            };
            assert!(allowed, "{path}: {directive} {source}");
        }
    }
}

#[tokio::test]
async fn the_reference_works_without_a_network() {
    let test = Test::start(Kind::Sqlite).await;
    // The address alone leads there.
    let home = asset(&test, "/").await;
    assert!(home.contains("href=\"/docs/\""), "{home}");
    let page = asset(&test, "/docs/").await;
    assert!(!leads_away(&page), "{page}");
    let linked = links(&page);
    assert!(linked.iter().any(|link| link.ends_with("swagger-initializer.js")), "{linked:?}");
    assert!(linked.len() >= 4, "{linked:?}");
    let mut styles = 0;
    for link in linked {
        let text = asset(&test, link).await;
        if link.ends_with("swagger-initializer.js") {
            assert!(!leads_away(&text), "{text}");
            assert!(text.contains("\"../openapi.json\""), "{text}");
        }
        if link.ends_with(".css") {
            styles += 1;
            assert!(!text.contains("@import"), "{link}");
            let inside = links(&text);
            assert!(
                inside.iter().all(|link| link.starts_with("data:") || link.starts_with('#')),
                "{link}: {inside:?}"
            );
        }
    }
    assert!(styles >= 1);
}

fn references(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::Object(members) => {
            found.extend(members.get("$ref").and_then(Json::as_str).map(str::to_owned));
            members.values().for_each(|value| references(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn whatever_the_document_refers_to_is_in_it() {
    let document = coulisses::app::document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 50, "{found:?}");
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn an_operation_is_called_after_its_tag_and_what_it_does() {
    let document = document();
    let tags: Vec<_> = document["tags"].as_array().expect("tags").iter().map(|tag| &tag["name"]).collect();
    assert_eq!(tags.last().map(|tag| tag.as_str()), Some(Some("rbac_demo")), "it is no part of the product");
    for (name, operation) in operations(&document) {
        let (id, tag) = (operation["operationId"].as_str().unwrap_or_default(), &operation["tags"][0]);
        assert!(tags.contains(&tag), "{name}: {tag} is not described");
        let what = id.strip_prefix(tag.as_str().unwrap_or_default()).and_then(|rest| rest.strip_prefix('_'));
        assert!(what.is_some_and(|what| !what.is_empty()), "{name} is called {id}");
    }
    for id in ["missions_update", "missions_replace", "assignments_accept", "assignments_bulk_create"] {
        assert!(operations(&document).iter().any(|(_, operation)| operation["operationId"] == id), "{id}");
    }
}

#[test]
fn what_a_response_shows_is_required_unless_it_can_be_absent() {
    let document = document();
    let mut optional = BTreeSet::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let of_a_body =
            ["Form", "Patch", "Request", "Change", "Confirmation"].iter().any(|end| name.ends_with(end));
        if of_a_body || name.starts_with("New") || matches!(&**name, "BulkAssignment" | "MissionDuplication")
        {
            continue;
        }
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (member, _) in schema["properties"].as_object().into_iter().flatten() {
            if !required.iter().any(|known| known == member) {
                optional.insert(format!("{name}.{member}"));
            }
        }
    }
    let absent = [
        "CalendarEntry.location",
        "CalendarEntry.mission_title",
        "CalendarEntry.project_title",
        "CalendarEntry.role_name",
        "InvitationReminded.url",
        "Member.delivery",
        "Member.delivery_error",
        "Member.email",
        "PasswordResetRequested.reset_token",
        "Problem.conflicts",
        "Problem.conflicts_total",
        "Problem.errors",
        "User.bio",
        "User.documents",
        "User.email",
        "User.legal_ids",
        "User.locale",
        "User.phone",
    ];
    assert_eq!(optional, absent.map(str::to_owned).into());
}

#[test]
fn a_problem_has_one_of_the_documented_codes() {
    let document = document();
    let codes = &document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"];
    let examples = document["components"]["examples"].as_object().expect("examples").keys();
    assert_eq!(*codes, Json::from(examples.cloned().collect::<Vec<_>>()));
    assert!(codes.as_array().is_some_and(|codes| codes.len() > 40), "{codes}");
}

#[tokio::test]
async fn generators_of_clients_are_shown_nothing_that_is_deprecated() {
    let test = Test::start(Kind::Sqlite).await;
    let whole = document();
    let shown = test.anonymous().get("/openapi/clients.json").await.ok();
    let (all, current) = (operations(&whole), operations(&shown));
    let deprecated = all.iter().filter(|(_, operation)| operation["deprecated"] == true).count();
    assert_eq!((deprecated, all.len() - deprecated), (8, current.len()));
    assert!(current.iter().all(|(_, operation)| operation["deprecated"].is_null()));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_coulisses"));
    let printed = command.args(["openapi", "--without-deprecated"]).env_clear().output().expect("it starts");
    assert_eq!(serde_json::from_slice::<Json>(&printed.stdout).expect("JSON"), shown);
}
