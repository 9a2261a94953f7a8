//! Rules of this API that the derived schemas do not express.

use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

const PREFIX: &str = "#/components/schemas/";
/// The extension of a nullable member that is left out for whoever may not see it; not published.
const WITHHELD: &str = "x-withheld";

/// Bodies refuse unknown members, but accept read-only ones; parameters are absent rather than `null`; a merge patch
/// has optional, nullable members. Path parameters get a description, and schemas without a reference are removed.
pub fn tighten(document: &mut Json) {
    let mut paths = document["paths"].take();
    let mut schemas = document["components"]["schemas"].take();
    admit_read_only(&mut paths, &mut schemas);
    for operation in operations(&mut paths) {
        let (method, operation) = operation;
        for parameter in parameters(operation) {
            if let Some(schema) = parameter.get_mut("schema") {
                drop_null(schema);
            }
            if parameter["in"] == "path" && parameter.get("description").is_none() {
                parameter["description"] = json!(whose_id(&parameter["schema"]));
            }
        }
        let Some(body) = operation.get_mut("requestBody") else { continue };
        body["required"] =
            json!(method != "patch" && asks(&body["content"]["application/json"]["schema"], &schemas));
        let may_be_nothing = method != "patch" && body["required"] == false;
        let content = &mut body["content"]["application/json"];
        for name in named(&content["schema"]) {
            close(&name, &mut schemas);
        }
        if may_be_nothing {
            content["schema"] = nullable(content["schema"].take());
        }
        if method == "patch" {
            let name = name_of(&content["schema"]).to_owned();
            let patch = format!("{}Patch", stem(&name));
            schemas[&patch] = as_patch(&schemas[&name]);
            let body = json!({ "schema": { "$ref": format!("{PREFIX}{patch}") } });
            operation["requestBody"]["content"] =
                json!({ "application/merge-patch+json": body, "application/json": body });
        }
    }
    drop_unused(&paths, &mut schemas);
    require_what_is_sent(&paths, &mut schemas);
    lift_descriptions(&mut schemas);
    document["paths"] = paths;
    document["components"]["schemas"] = schemas;
}

/// Whatever a response shows is always there: `null` where it is nothing. (What can be absent is not nullable.) Schemas of
/// bodies stay as they are.
fn require_what_is_sent(paths: &Json, schemas: &mut Json) {
    let mut sent = BTreeSet::new();
    let mut received = BTreeSet::new();
    for item in paths.as_object().into_iter().flatten().flat_map(|(_, item)| item.as_object()).flatten() {
        sent.append(&mut reachable(&item.1["responses"], schemas));
        received.append(&mut reachable(&item.1["requestBody"], schemas));
        received.append(&mut reachable(&item.1["parameters"], schemas));
    }
    for name in sent.difference(&received) {
        let Some(schema) = schemas[name].as_object_mut() else { continue };
        let mut required = schema.get("required").and_then(Json::as_array).cloned().unwrap_or_default();
        for (member, property) in
            schema.get_mut("properties").and_then(Json::as_object_mut).into_iter().flatten()
        {
            let withheld = property.as_object_mut().and_then(|property| property.remove(WITHHELD)).is_some();
            if is_nullable(property) && !withheld && !required.iter().any(|known| known == member) {
                required.push(json!(member));
            }
        }
        if !required.is_empty() {
            schema.insert("required".into(), required.into());
        }
    }
}

fn is_nullable(schema: &Json) -> bool {
    let is_null = |kind: &Json| *kind == "null";
    schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(is_null))
        || schema["oneOf"].as_array().is_some_and(|ways| ways.iter().any(|way| is_null(&way["type"])))
}

/// The names of the schemas that a schema refers to, however indirectly.
fn reachable(schema: &Json, schemas: &Json) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<_> = named(schema).into_iter().collect();
    while let Some(name) = next.pop() {
        if !found.contains(&name) {
            next.extend(named(&schemas[&name]));
            found.insert(name);
        }
    }
    found
}

/// Moves the response of a status that most operations share into the components.
pub fn share_responses(document: &mut Json) {
    let mut shared = Map::new();
    let mut uses: BTreeMap<(String, String), usize> = BTreeMap::new();
    for_each_problem(document, |status, response| {
        *uses.entry((status.to_owned(), response.to_string())).or_default() += 1;
    });
    let mut most: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for ((status, response), count) in uses {
        let known = most.entry(status).or_default();
        *known = (count, response).max(std::mem::take(known));
    }
    for_each_problem(document, |status, response| {
        let (Some((2.., common)), this) = (most.get(status), response.to_string()) else { return };
        if *common == this {
            let code = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
            let name =
                code.and_then(|code| code.canonical_reason()).unwrap_or(status).replace([' ', '-'], "");
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            shared.insert(name, std::mem::replace(response, reference));
        }
    });
    document["components"]["responses"] = shared.into();
}

fn for_each_problem(document: &mut Json, mut see: impl FnMut(&str, &mut Json)) {
    for (_, operation) in operations(&mut document["paths"]) {
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for (status, response) in responses {
            if response["content"].get("application/problem+json").is_some() {
                see(status, response);
            }
        }
    }
}

/// Adds the members of an object's response to the body of its PUT and PATCH, as read-only ones.
fn admit_read_only(paths: &mut Json, schemas: &mut Json) {
    let items = paths.as_object_mut().into_iter().flatten().map(|(_, item)| item);
    for item in items {
        for method in ["put", "patch"] {
            let shown = if item.get("get").is_some() { "get" } else { method };
            let shown = item.pointer(&format!("/{shown}/responses/200/content/application~1json/schema"));
            let shown = shown.map(|schema| {
                let shown = &schemas[name_of(schema)];
                // Of an object that is shown with more, the object: what whoever changes it sees and sends back.
                let object = shown["allOf"].get(0).map_or(shown, |object| &schemas[name_of(object)]);
                object["properties"].clone()
            });
            let body = item.pointer_mut(&format!("/{method}/requestBody/content/application~1json/schema"));
            let (Some(Json::Object(shown)), Some(body)) = (shown, body) else { continue };
            let name = name_of(body).to_owned();
            if name.is_empty() {
                // An inline schema: the body is optional and declares its read-only members itself.
                continue;
            }
            let mut form = schemas[&name].clone();
            for (member, mut schema) in shown {
                if form["properties"].get(&member).is_none() {
                    schema["readOnly"] = json!(true);
                    form["properties"][member] = schema;
                }
            }
            let changed = format!("{}Form", stem(&name));
            schemas[&changed] = form;
            *body = json!({ "$ref": format!("{PREFIX}{changed}") });
        }
    }
}

/// `Mission` of `MissionForm` or `NewMission`.
fn stem(name: &str) -> &str {
    name.trim_end_matches("Form").trim_start_matches("New")
}

/// The name of the schema that `$ref` points to; empty if there is none.
fn name_of(schema: &Json) -> &str {
    schema["$ref"].as_str().and_then(|name| name.strip_prefix(PREFIX)).unwrap_or_default()
}

/// The parameters of an operation. (Indexing one that has none would insert a `null`.)
pub fn parameters(operation: &mut Json) -> impl Iterator<Item = &mut Json> {
    operation.get_mut("parameters").and_then(Json::as_array_mut).into_iter().flatten()
}

/// `The id of the mission role.` for `MissionRoleId`.
fn whose_id(schema: &Json) -> String {
    let name = name_of(schema);
    let mut words = String::new();
    for c in name.trim_end_matches("Id").chars() {
        if c.is_uppercase() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    format!("The id of the{words}.")
}

/// Removes schemas without a reference, such as a form that was replaced by its patch.
fn drop_unused(paths: &Json, schemas: &mut Json) {
    let used = reachable(paths, schemas);
    if let Some(schemas) = schemas.as_object_mut() {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// Moves the description of an optional member out of its `oneOf`, where tools do not show it.
fn lift_descriptions(json: &mut Json) {
    match json {
        Json::Object(members) => {
            members.values_mut().for_each(lift_descriptions);
            if members.contains_key("description") {
                return;
            }
            let options = members.get_mut("oneOf").and_then(Json::as_array_mut).into_iter().flatten();
            let lifted = options
                .filter(|option| option.get("$ref").is_some())
                .find_map(|option| option.as_object_mut()?.remove("description"));
            if let Some(description) = lifted {
                members.insert("description".into(), description);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(lift_descriptions),
        _ => {}
    }
}

/// Whether a body must be sent: an array, or an object with required members or at least one of several. Otherwise an absent
/// one counts as `{}`.
fn asks(schema: &Json, schemas: &Json) -> bool {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix(PREFIX));
    let schema = name.map_or(schema, |name| &schemas[name]);
    let has_required = schema["required"].as_array().is_some_and(|names| !names.is_empty());
    schema["type"] == "array" || has_required || schema["minProperties"].as_u64() > Some(0)
}

/// Every operation with its method.
pub fn operations(paths: &mut Json) -> impl Iterator<Item = (String, &mut Json)> {
    let items = paths.as_object_mut().into_iter().flatten();
    items.flat_map(|(_, item)| {
        item.as_object_mut().into_iter().flatten().map(|(method, operation)| (method.clone(), operation))
    })
}

fn drop_null(schema: &mut Json) {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<_> = kinds.iter().filter(|kind| **kind != "null").cloned().collect();
        if let [kind] = kinds.as_slice() {
            schema["type"] = kind.clone();
        }
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(options) = schema[choice].as_array() {
            let options: Vec<_> = options.iter().filter(|option| option["type"] != "null").cloned().collect();
            if let [option] = options.as_slice() {
                *schema = option.clone();
            }
        }
    }
}

/// The names of the schemas that a schema refers to directly.
fn named(schema: &Json) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    match schema {
        Json::Object(members) => {
            if let Some(name) =
                members.get("$ref").and_then(Json::as_str).and_then(|name| name.strip_prefix(PREFIX))
            {
                names.insert(name.to_owned());
            }
            members.values().for_each(|value| names.append(&mut named(value)));
        }
        Json::Array(items) => items.iter().for_each(|item| names.append(&mut named(item))),
        _ => {}
    }
    names
}

/// Sets `additionalProperties: false` for an object and those that it refers to.
fn close(name: &str, schemas: &mut Json) {
    let schema = &mut schemas[name];
    if let Some(kinds) = schema.get_mut("oneOf").and_then(Json::as_array_mut) {
        kinds.iter_mut().for_each(close_kind);
        return;
    }
    if schema["type"] != "object" || schema.get("additionalProperties").is_some() {
        return;
    }
    schema["additionalProperties"] = json!(false);
    for inner in named(&schema.clone()) {
        close(&inner, schemas);
    }
}

/// One of several shapes of an object, told apart by `type`.
fn close_kind(kind: &mut Json) {
    if kind["type"] == "object" {
        kind["additionalProperties"] = json!(false);
        if let Some(tag) = kind["properties"].get_mut("type").and_then(Json::as_object_mut) {
            tag.insert("description".into(), json!("Which of them this is."));
        }
    }
}

fn as_patch(schema: &Json) -> Json {
    let mut patch = schema.clone();
    if let Some(members) = patch.as_object_mut() {
        members.remove("required");
        members.remove("minProperties");
    }
    patch["description"] = json!("A merge patch (RFC 7396): a member left out stays, `null` takes it away.");
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    patch["properties"] = properties
        .into_iter()
        .map(|(name, property)| match property["readOnly"] == true {
            true => (name, property),
            false => (name, nullable(property)),
        })
        .collect::<Map<_, _>>()
        .into();
    patch
}

fn nullable(mut schema: Json) -> Json {
    if let Some(members) = schema.as_object_mut() {
        members.remove("default");
    }
    match &schema["type"] {
        Json::String(kind) => schema["type"] = json!([kind, "null"]),
        Json::Array(_) => {}
        _ if schema["oneOf"].is_array() => {}
        _ => schema = json!({ "oneOf": [{ "type": "null" }, schema] }),
    }
    if let Some(words) = schema.get_mut("enum").and_then(Json::as_array_mut) {
        words.push(Json::Null);
    }
    schema
}
