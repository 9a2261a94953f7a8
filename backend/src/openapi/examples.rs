//! Examples of bodies and path parameters, assembled from the examples of their members.

use super::schemas::{operations, parameters};
use serde_json::{Map, Value as Json, json};

const PREFIX: &str = "#/components/schemas/";
/// Limit of recursion, above the depth of every schema of this API.
const DEEPEST: usize = 24;

pub fn add(document: &mut Json) {
    let schemas = document["components"]["schemas"].clone();
    for (_, operation) in operations(&mut document["paths"]) {
        for parameter in parameters(operation) {
            if parameter["in"] == "path" {
                parameter["example"] = example(&parameter["schema"], &schemas, 0);
            }
        }
        if let Some(body) = operation.get_mut("requestBody") {
            contents(body, &schemas);
        }
        for response in operation.get_mut("responses").and_then(Json::as_object_mut).into_iter().flatten() {
            contents(response.1, &schemas);
        }
    }
}

fn contents(holder: &mut Json, schemas: &Json) {
    for (_, content) in holder.get_mut("content").and_then(Json::as_object_mut).into_iter().flatten() {
        if content.get("examples").is_none() {
            content["example"] = example(&content["schema"], schemas, 0);
        }
    }
}

fn example(schema: &Json, schemas: &Json, depth: usize) -> Json {
    if depth > DEEPEST {
        return Json::Null;
    }
    let inside = |schema: &Json| example(schema, schemas, depth + 1);
    let given = schema.get("example").or_else(|| schema["examples"].get(0)).or_else(|| schema.get("default"));
    if let Some(given) = given {
        return given.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix(PREFIX)) {
        return inside(&schemas[name]);
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    if let Some(options) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        return options.iter().find(|option| option["type"] != "null").map_or(Json::Null, inside);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().filter_map(|part| inside(part).as_object().cloned());
        return parts
            .fold(Map::new(), |mut all, part| {
                all.extend(part);
                all
            })
            .into();
    }
    match kind(schema) {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties
                // Sent back with another value, which an example has, they are refused.
                .filter(|(_, property)| property["readOnly"] != true)
                .map(|(name, property)| (name.clone(), member(name, inside(property))))
                .collect::<Map<_, _>>()
                .into()
        }
        "array" => json!([inside(&schema["items"])]),
        "string" => json!(text(schema)),
        "integer" | "number" => schema["minimum"].as_i64().map_or(json!(1), |minimum| json!(minimum)),
        "boolean" => json!(true),
        _ => Json::Null,
    }
}

/// Makes the end of a period later than its start.
fn member(name: &str, example: Json) -> Json {
    match name {
        "end_at" | "ends_at" | "overlap_end" | "expires_at" => json!("2026-07-10T18:00:00Z"),
        _ => example,
    }
}

fn kind(schema: &Json) -> &str {
    match &schema["type"] {
        Json::String(kind) => kind,
        Json::Array(kinds) => {
            kinds.iter().filter_map(Json::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ => "null",
    }
}

fn text(schema: &Json) -> &'static str {
    match schema["format"].as_str() {
        Some("uuid") => "01980000-0000-7000-8000-000000000001",
        Some("date-time") => "2026-07-10T08:00:00Z",
        Some("email") => "nina@example.org",
        Some("password") => "quatre saisons au théâtre",
        _ => "texte",
    }
}
