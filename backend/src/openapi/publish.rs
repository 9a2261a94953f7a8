//! What every operation has because of what it is: its id, its refusals with examples, its conditional headers.
//!
//! A handler names, in the extension `x-problems`, the codes of the problems that are its own. The rest follows: whoever
//! needs a sign-in can be refused one, whatever has a body can have a wrong one, what has an id in its path may not exist.

use super::{
    examples,
    schemas::{self, parameters},
};
use crate::{
    error::Error,
    http::verbs::{self, FirstNames},
};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use utoipa::openapi::OpenApi;

/// What a request can always run into, and what it can if it touches anything.
const ALWAYS: [&str; 3] = ["malformed_request", "uri_too_long", "headers_too_large"];
const AT_WORK: [&str; 5] = ["unavailable", "storage_full", "contended", "timed_out", "internal"];
/// The methods that an item may have, and the word for it where one handler serves two.
const METHODS: [(&str, &str); 5] =
    [("get", "read"), ("put", "replace"), ("post", "post"), ("delete", "delete"), ("patch", "patch")];

/// The document as it is served.
pub fn publish(document: OpenApi, first_names: FirstNames) -> Json {
    let mut document = json!(document);
    let paths: Vec<_> = members(std::mem::take(&mut document["paths"]))
        .into_iter()
        .map(|(path, item)| (verbs::public_path(&path).into_owned(), item))
        .collect();
    let singles: BTreeSet<_> =
        paths.iter().filter(|(_, item)| is_single(item)).map(|(path, _)| path.clone()).collect();
    let mut published = Map::new();
    for (path, item) in paths {
        let item = publish_item(&path, item, &singles);
        for (first, name) in first_names.0 {
            if let Some(rest) = path.strip_prefix(name) {
                published.insert(format!("{first}{rest}"), under_first_name(item.clone()));
            }
        }
        published.insert(path, item);
    }
    document["paths"] = Json::Object(published);
    let example = |(_, problem): (String, Json)| {
        (problem["code"].as_str().unwrap_or_default().to_owned(), json!({ "value": problem }))
    };
    document["components"]["examples"] = problems().map(example).collect::<Map<_, _>>().into();
    schemas::tighten(&mut document);
    examples::add(&mut document);
    document
}

fn members(object: Json) -> Map<String, Json> {
    match object {
        Json::Object(members) => members,
        _ => Map::new(),
    }
}

/// An item whose object can be changed is one object: it carries a tag.
fn is_single(item: &Json) -> bool {
    let has = |method: &str| item.get(method).is_some();
    has("get") && ["put", "patch", "delete"].into_iter().any(has)
}

/// Whether what is at `path` writes an object with a tag: at its own address, or by a verb behind it.
fn writes_single(path: &str, singles: &BTreeSet<String>) -> bool {
    let object = path.rsplit_once([':', '/']).map_or(path, |(object, _)| object);
    singles.contains(path) || singles.contains(object)
}

fn publish_item(path: &str, mut item: Json, singles: &BTreeSet<String>) -> Json {
    let (single, conditional) = (singles.contains(path), writes_single(path, singles));
    let ids: Vec<_> = METHODS.iter().filter_map(|(method, _)| item[method]["operationId"].as_str()).collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    let shared = distinct.len() < ids.len();
    for (method, word) in METHODS {
        if let Some(operation) = item.get_mut(method) {
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            let id = operation["operationId"].as_str().unwrap_or_default();
            let both = shared && matches!(id, "update" | "set");
            operation["operationId"] =
                json!(if both { format!("{tag}_{word}") } else { format!("{tag}_{id}") });
            Operation { path, method, single, conditional, json: operation }.complete();
        }
    }
    item
}

fn under_first_name(mut item: Json) -> Json {
    for (method, _) in METHODS {
        if let Some(operation) = item.get_mut(method) {
            let id = operation["operationId"].as_str().unwrap_or_default();
            operation["operationId"] = json!(format!("{id}_under_first_name"));
            operation["deprecated"] = json!(true);
        }
    }
    item
}

struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    /// Its GET shows one object, with a tag.
    single: bool,
    conditional: bool,
    json: &'a mut Json,
}

impl Operation<'_> {
    fn complete(mut self) {
        let problems = self.json.as_object_mut().and_then(|members| members.remove("x-problems"));
        // The probes touch nothing that can fail, or say so themselves.
        let at_work = if self.json["tags"][0] == "system" { &[][..] } else { &AT_WORK[..] };
        let mut codes: Vec<String> = ALWAYS.iter().chain(at_work).map(|code| (*code).to_owned()).collect();
        codes.extend(
            problems.and_then(|codes| serde_json::from_value::<Vec<_>>(codes).ok()).unwrap_or_default(),
        );
        codes.extend(self.refusals().into_iter().map(str::to_owned));
        self.conditions();
        self.refuse(&codes);
        self.json["responses"]["200"]["description"] = self.json["summary"].clone();
        let has_pages = parameters(self.json).any(|parameter| parameter["name"] == "cursor");
        if has_pages {
            self.header(
                "200",
                "Link",
                "Where the next page is, with `rel=\"next\"`; absent on the last one.",
            );
        }
        if self.path.ends_with(":bulk_create") {
            let schema = &mut self.json["requestBody"]["content"]["application/json"]["schema"];
            schema["minItems"] = json!(1);
            schema["maxItems"] = json!(1000);
        }
    }

    /// The codes that follow from what the operation takes.
    fn refusals(&self) -> Vec<&'static str> {
        let mut codes = Vec::new();
        let parameters = self.json["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let at = |place: &str| parameters.iter().any(|parameter| parameter["in"] == place);
        if at("query") {
            codes.push("validation_failed");
        }
        if parameters.iter().any(|parameter| parameter["name"] == "cursor") {
            codes.push("invalid_cursor");
        }
        if at("path") {
            codes.push("not_found");
        }
        if self.json.get("requestBody").is_some() {
            codes.extend(["validation_failed", "malformed_json", "unsupported_media_type"]);
        }
        // A body that is one shape can be what GET shows; one that may be nothing says itself what it shows.
        let is_one_shape = self.json.pointer("/requestBody/content/application~1json/schema/$ref").is_some();
        if matches!(self.method, "put" | "patch") && is_one_shape {
            codes.push("read_only");
        }
        if self.method != "get" {
            // Also where none is asked for: it is read before that is known.
            codes.push("too_large");
            if self.json["tags"][0] != "system" {
                codes.push("outcome_unknown");
            }
            // Also where nothing has a tag: a condition on one is not ignored there.
            codes.push("precondition_failed");
        }
        if let Some(security) = self.json["security"].as_array() {
            codes.push("unauthenticated");
            let roles = security.iter().filter_map(|way| way["bearer"].as_array()).flatten();
            for role in roles.filter_map(Json::as_str) {
                codes.push("not_a_member");
                if role != "tech" {
                    codes.push("forbidden");
                }
            }
        }
        codes
    }

    fn conditions(&mut self) {
        if self.method != "get" && self.conditional {
            self.parameter("If-Match", "Write only what one of these tags names, else answer 412.", "*");
        }
        match self.method {
            "get" if self.single => {
                self.parameter(
                    "If-None-Match",
                    "Tags of what the client has already.",
                    "\"z3Qb0m2cVn1xkq7y9r8t5A\"",
                );
                self.json["responses"]["304"] =
                    json!({ "description": "It is still what one of the tags names." });
                for status in ["200", "304"] {
                    self.header(status, "ETag", "Changes with anything the caller sees of the object.");
                }
            }
            "put" | "patch" if self.single => {
                self.header("200", "ETag", "Of the object as it is now.");
            }
            "post" if self.path.starts_with("/api") && !self.path.contains("/auth/") => {
                let what = "1 to 255 visible ASCII characters. The same key, caller, path and body within a day give the \
                    first answer again.";
                self.parameter("Idempotency-Key", what, "4f8c1c9e-plan-july");
                let codes = ["validation_failed", "idempotency_in_progress", "idempotency_key_reused"];
                self.refuse(&codes.map(str::to_owned));
                self.header("200", "Idempotency-Replayed", "`true`: this answer was given before.");
            }
            _ => {}
        }
    }

    fn parameter(&mut self, name: &str, description: &str, example: &str) {
        let parameters = self.json["parameters"].as_array().cloned().unwrap_or_default();
        let mut parameter = json!({
            "name": name, "in": "header", "description": description, "required": false, "example": example,
            "schema": { "type": "string" },
        });
        if name == "Idempotency-Key" {
            parameter["schema"]["pattern"] = json!("^[!-~]{1,255}$");
        }
        self.json["parameters"] = parameters.into_iter().chain([parameter]).collect();
    }

    fn header(&mut self, status: &str, name: &str, description: &str) {
        self.json["responses"][status]["headers"][name] =
            json!({ "description": description, "schema": { "type": "string" } });
    }

    /// Adds the problems of these codes, each with its example, under their statuses.
    fn refuse(&mut self, codes: &[String]) {
        let problems: Vec<_> = problems().collect();
        let refused_with = |code: &&String| problems.iter().any(|(_, problem)| problem["code"] == **code);
        if let Some(unknown) = codes.iter().find(|code| !refused_with(code)) {
            panic!("{} {} documents the code {unknown}, which nothing refuses with", self.method, self.path);
        }
        for (status, problem) in problems {
            let code = problem["code"].as_str().unwrap_or_default();
            if !codes.iter().any(|wanted| wanted == code) {
                continue;
            }
            let response = &mut self.json["responses"][status.as_str()];
            if response.get("content").is_none() {
                *response = json!({
                    "description": problem["title"],
                    "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
                });
                if matches!(status.as_str(), "401" | "503") {
                    let (name, what) = if status == "401" {
                        ("WWW-Authenticate", "`Bearer`.")
                    } else {
                        ("Retry-After", "Seconds to wait.")
                    };
                    response["headers"] =
                        json!({ name: { "description": what, "schema": { "type": "string" } } });
                }
            }
            // `/readyz` answers 503 with what is down, not with a problem.
            if let Some(content) = response["content"].get_mut("application/problem+json") {
                content["examples"][code] = json!({ "$ref": format!("#/components/examples/{code}") });
            }
        }
    }
}

/// Each problem as it looks, with its status.
fn problems() -> impl Iterator<Item = (String, Json)> {
    super::samples().into_iter().map(|error: Error| {
        let problem = json!(error.problem("0198f1d2c3b47a5e8f60718293a4b5c6"));
        (problem["status"].to_string(), problem)
    })
}
