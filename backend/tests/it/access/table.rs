//! What the OpenAPI document says of the ids that an operation takes.

use serde_json::Value as Json;

/// The document, as `coulisses openapi` prints it.
pub fn document() -> Json {
    coulisses::app::document()
}

/// The ids that an operation takes in its query, and those in its body.
pub fn ids_taken(document: &Json, operation: &Json) -> (Vec<String>, Vec<String>) {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    let query = in_query.filter_map(|parameter| parameter["name"].as_str()).filter(|name| is_id(name));
    let mut body = Vec::new();
    members(document, &operation["requestBody"]["content"]["application/json"]["schema"], &mut body);
    (query.map(str::to_owned).collect(), body.into_iter().filter(|name| is_id(name)).collect())
}

fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id")
}

/// The names of all members of a schema, however deep.
fn members(document: &Json, schema: &Json, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect("a schema");
        return members(document, target, found);
    }
    // What can only be read chooses nothing: it is compared with what the path names.
    let writable = |(_, member): &(&String, &Json)| member["readOnly"] != true;
    for (name, member) in schema["properties"].as_object().into_iter().flatten().filter(writable) {
        found.push(name.clone());
        members(document, member, found);
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        let ways = schema[several].as_array().into_iter().flatten();
        ways.for_each(|way| members(document, way, found));
    }
    if schema["items"].is_object() {
        members(document, &schema["items"], found);
    }
}
