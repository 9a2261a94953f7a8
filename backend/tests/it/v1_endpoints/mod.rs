//! The endpoints of the API's first version: their shapes, their filters and pages, and what they refuse.

mod assignment_changes;
mod assignments;
mod assignments_bulk;
mod conflicts;
mod mission_changes;
mod mission_moves;
mod mission_roles;
mod missions;
mod project_changes;
mod projects;
mod user_changes;
mod users;

use crate::support::Persona;
use serde_json::{Map, Value as Json};

/// An id that nothing has.
const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// The names of an object's members, sorted.
fn members(object: &Json) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// One member of every item of a list.
fn each<'a>(list: &'a Json, member: &str) -> Vec<&'a str> {
    let items = list.as_array().expect("an array").iter();
    items.map(|item| item[member].as_str().expect("a text")).collect()
}

fn id(object: &Json) -> &str {
    object["id"].as_str().expect("an id")
}

/// Walks all pages; `between` runs after each of them.
async fn walk(who: &Persona<'_>, path: &str, mut between: impl AsyncFnMut()) -> Vec<String> {
    let mut ids = Vec::new();
    let mut path = Some(path.to_owned());
    while let Some(here) = path {
        let page = who.get(&here).await;
        ids.extend(each(&page.ok(), "id").into_iter().map(str::to_owned));
        path = page.next_page();
        between().await;
    }
    ids
}

/// The object with some members replaced.
fn with(object: &Json, changes: Json) -> Json {
    let mut members: Map<_, _> = object.as_object().expect("an object").clone();
    members.extend(changes.as_object().expect("an object").clone());
    Json::Object(members)
}
