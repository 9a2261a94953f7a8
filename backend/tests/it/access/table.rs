//! The checked-in table, `docs/access.md`, and the operations of the OpenAPI document that it must cover.

use serde_json::Value as Json;
use std::collections::BTreeSet;

const TABLE: &str = include_str!("../../../../docs/access.md");

/// The columns, as the table's head names them.
pub const COLUMNS: [&str; 8] =
    ["anonymous", "tech", "colleague", "manager", "admin", "owner", "other org's owner", "removed member"];

/// What everyone gets who calls an operation.
#[derive(Debug)]
pub struct Row {
    /// The method and the path, as the document has them.
    pub operation: &'static str,
    /// The status in each column; none where the column makes no sense.
    pub expected: Vec<Option<u16>>,
}

impl Row {
    /// The status in a column.
    pub fn status(&self, column: &str) -> Option<u16> {
        let position = COLUMNS.iter().position(|name| *name == column);
        self.expected[position.expect("a column")]
    }
}

fn cells(line: &'static str) -> Vec<&'static str> {
    line.trim_matches('|').split('|').map(str::trim).collect()
}

/// The rows, in their order.
pub fn rows() -> Vec<Row> {
    let mut lines = TABLE.lines().filter(|line| line.starts_with('|'));
    assert_eq!(cells(lines.next().expect("a head"))[1..], COLUMNS, "the head of docs/access.md");
    let row = |line: &'static str| {
        let cells = cells(line);
        assert_eq!(cells.len(), 1 + COLUMNS.len(), "{line}");
        let status = |cell: &&str| (*cell != "-").then(|| cell.parse().expect("a status or `-`"));
        Row { operation: cells[0].trim_matches('`'), expected: cells[1..].iter().map(status).collect() }
    };
    lines.skip(1).map(row).collect()
}

/// The document, as `coulisses openapi` prints it.
pub fn document() -> Json {
    coulisses::app::routes().1
}

/// Every operation of the document.
pub fn operations(document: &Json) -> BTreeSet<String> {
    let items = document["paths"].as_object().expect("paths").iter();
    let of_item = |(path, item): (&String, &Json)| {
        let methods = item.as_object().expect("an item").keys();
        methods.map(|method| format!("{} {path}", method.to_uppercase())).collect::<Vec<_>>()
    };
    items.flat_map(of_item).collect()
}

/// The ids that an operation takes in its query, and those in its body.
pub fn ids_taken(document: &Json, operation: &str) -> (Vec<String>, Vec<String>) {
    let (method, path) = operation.split_once(' ').expect("a method and a path");
    let operation = &document["paths"][path][method.to_lowercase()];
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
