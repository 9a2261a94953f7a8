//! What operations have in common beyond their handlers' signatures: ids, deprecated first names, and a response for each
//! status that their refusals have.

use super::{examples, schemas};
use crate::{
    error::Error,
    http::{
        PROBLEMS,
        verbs::{self, FirstNames},
    },
};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use utoipa::openapi::OpenApi;

/// What a request can always run into, what it can if it touches anything, and what it can if it may change anything.
const ALWAYS: [&str; 3] = ["malformed_request", "uri_too_long", "headers_too_large"];
const AT_WORK: [&str; 5] = ["unavailable", "storage_full", "contended", "timed_out", "internal"];
/// The body is received, and a condition is checked, before it is known whether the operation takes them.
const CHANGING: [&str; 3] = ["too_large", "outcome_unknown", "precondition_failed"];
const REQUEST_ID: &str = "0198f1d2c3b47a5e8f60718293a4b5c6";

/// The document as it is served.
pub fn publish(document: OpenApi, first_names: FirstNames) -> Json {
    let mut document = json!(document);
    let problems: Vec<_> =
        super::samples().iter().map(|error: &Error| json!(error.problem(REQUEST_ID))).collect();
    let mut published = Map::new();
    for (path, item) in std::mem::take(&mut document["paths"]).as_object_mut().into_iter().flatten() {
        let path = verbs::public_path(path).into_owned();
        let item = publish_item(item.take(), &problems);
        for (first, name) in first_names.0 {
            if let Some(rest) = path.strip_prefix(name) {
                published.insert(format!("{first}{rest}"), under_first_name(item.clone()));
            }
        }
        published.insert(path, item);
    }
    document["paths"] = Json::Object(published);
    let example = |problem: &Json| (code(problem).to_owned(), json!({ "value": problem }));
    document["components"]["examples"] = problems.iter().map(example).collect::<Map<_, _>>().into();
    schemas::tighten(&mut document);
    schemas::share_responses(&mut document);
    let codes: BTreeSet<_> = problems.iter().map(code).collect();
    document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] = json!(codes);
    examples::add(&mut document);
    document
}

/// The document without what is deprecated, for generators of clients. Whole paths are: the first names.
pub fn without_deprecated(mut document: Json) -> Json {
    let is_current =
        |item: &Json| !item.as_object().into_iter().flatten().any(|(_, one)| one["deprecated"] == true);
    document["paths"].as_object_mut().into_iter().for_each(|paths| paths.retain(|_, item| is_current(item)));
    document
}

fn code(problem: &Json) -> &str {
    problem["code"].as_str().unwrap_or_default()
}

fn publish_item(mut item: Json, problems: &[Json]) -> Json {
    // PUT and PATCH of one handler have the same name.
    let patch = item["patch"]["operationId"].clone();
    let post = item["post"]["operationId"].clone();
    for (method, operation) in item.as_object_mut().into_iter().flatten() {
        let id = &operation["operationId"];
        let replaces = method == "put" && (*id == patch || *id == post);
        let name = if replaces { "replace" } else { id.as_str().unwrap_or_default() };
        let tag = operation["tags"][0].as_str().unwrap_or_default().to_owned();
        operation["operationId"] = json!(format!("{tag}_{name}"));
        let mut codes: BTreeSet<&str> = ALWAYS.into();
        if tag != "system" {
            // The probes touch nothing that can fail, or say so themselves.
            codes.extend(AT_WORK);
        }
        if method != "get" {
            codes.extend(CHANGING);
        }
        let own = operation.as_object_mut().and_then(|members| members.remove(PROBLEMS)).unwrap_or_default();
        codes.extend(own.as_array().into_iter().flatten().filter_map(Json::as_str));
        refuse(operation, &codes, problems);
        operation["responses"]["200"]["description"] = json!("Success.");
    }
    item
}

fn under_first_name(mut item: Json) -> Json {
    for (_, operation) in item.as_object_mut().into_iter().flatten() {
        let id = operation["operationId"].as_str().unwrap_or_default();
        operation["operationId"] = json!(format!("{id}_under_first_name"));
        operation["deprecated"] = json!(true);
    }
    item
}

/// Adds the problems of these codes, each with its example, under their statuses.
fn refuse(operation: &mut Json, codes: &BTreeSet<&str>, problems: &[Json]) {
    for problem in problems.iter().filter(|problem| codes.contains(code(problem))) {
        let response = &mut operation["responses"][problem["status"].to_string()];
        if response.get("content").is_none() {
            *response = json!({
                "description": problem["title"],
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            });
            let header = match problem["status"].as_u64() {
                Some(401) => Some(("WWW-Authenticate", "`Bearer`.")),
                Some(429 | 503) => Some(("Retry-After", "Seconds to wait.")),
                _ => None,
            };
            if let Some((name, what)) = header {
                response["headers"][name] = json!({ "description": what, "schema": { "type": "string" } });
            }
        }
        // `/readyz` answers 503 with what is down, not with a problem.
        if let Some(content) = response["content"].get_mut("application/problem+json") {
            content["examples"][code(problem)] =
                json!({ "$ref": format!("#/components/examples/{}", code(problem)) });
        }
    }
}
