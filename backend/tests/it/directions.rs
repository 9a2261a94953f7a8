//! Dependencies point one way: read from every `crate::` path of the source, wherever it stands and whatever it re-exports.

use crate::support::source::sources;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// Resources that know each other, and why.
const KNOW_EACH_OTHER: [(&str, &str, &str); 5] = [
    ("assignments", "invitations", "an answer by link sets a status; a status ends links"),
    ("assignments", "missions", "an assignment is on a mission; one that moves asks its assignments"),
    ("assignments", "users", "an assignment is a user's; who is deactivated is shown what is ahead"),
    ("availabilities", "users", "an availability is a user's; who goes takes theirs along"),
    ("invitations", "missions", "a link shows its mission; one that is called off ends its links"),
];

type Edges = BTreeMap<String, BTreeSet<String>>;

/// The first segments of the paths behind `crate::`, of which braces hold several; the second where the first is
/// `resources`.
fn targets(path: &str, found: &mut BTreeSet<String>) {
    let path = path.trim_start();
    if let Some(group) = path.strip_prefix('{') {
        return items(group).iter().for_each(|item| targets(item, found));
    }
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len());
    let (segment, rest) = path.split_at(end);
    match (segment, rest.trim_start().strip_prefix("::")) {
        ("resources", Some(rest)) => targets(rest, found),
        _ => drop(found.insert(segment.to_owned())),
    }
}

/// What is between the commas of a group, whose opening brace is cut off.
fn items(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&group[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.retain(|item| !item.trim().is_empty());
    items
}

/// The module that a file belongs to: a resource, or a part of the program.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).expect("a source");
    let mut parts = inside.iter().map(|part| part.to_str().expect("a name").trim_end_matches(".rs"));
    match (parts.next().expect("a part"), parts.next()) {
        ("resources", Some(resource)) if resource != "mod" => resource.to_owned(),
        (part, _) => part.to_owned(),
    }
}

fn edges() -> Edges {
    let mut edges = Edges::new();
    for (path, source) in sources("src") {
        let code: String = source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        assert!(!code.contains("super::super::"), "{}: say crate:: beyond the next module", path.display());
        let from = module(&path);
        let to = edges.entry(from.clone()).or_default();
        code.split("crate::").skip(1).for_each(|path| targets(path, to));
        to.remove(&from);
    }
    edges
}

fn resources() -> BTreeSet<String> {
    sources("src/resources").iter().map(|(path, _)| module(path)).collect()
}

#[test]
fn paths_are_read_from_groups_too() {
    let mut found = BTreeSet::new();
    targets(
        "{db::{self, Tx}, error::Error, resources::{users::{self, table as user}, missions}, http};",
        &mut found,
    );
    assert_eq!(found, ["db", "error", "http", "missions", "users"].map(str::to_owned).into());
}

#[test]
fn two_resources_know_each_other_only_for_a_reason() {
    let (edges, resources) = (edges(), resources());
    let knows = |one: &str, other: &str| edges.get(one).is_some_and(|known| known.contains(other));
    let mut found = BTreeSet::new();
    for one in &resources {
        let others = resources.iter().filter(|other| one < *other);
        found.extend(
            others.filter(|other| knows(one, other) && knows(other, one)).map(|other| (&**one, &**other)),
        );
    }
    assert_eq!(found, KNOW_EACH_OTHER.map(|(one, other, _)| (one, other)).into());
}

/// The order of the others, resources taken as one: whoever leads back to itself is in a circle.
#[test]
fn nothing_else_goes_round_in_a_circle() {
    let resources = resources();
    let part =
        |module: &str| if resources.contains(module) { "resources".to_owned() } else { module.to_owned() };
    let mut parts = Edges::new();
    for (from, to) in edges() {
        let from = part(&from);
        parts.entry(from.clone()).or_default().extend(to.iter().map(|to| part(to)).filter(|to| *to != from));
    }
    assert!(parts.len() > 25, "{parts:?}");
    // Whoever depends on nothing that is left is taken away, until nothing is.
    while !parts.is_empty() {
        let left: BTreeSet<_> = parts.keys().cloned().collect();
        let free: Vec<_> =
            parts.iter().filter(|(_, to)| to.is_disjoint(&left)).map(|(from, _)| from.clone()).collect();
        assert!(!free.is_empty(), "these depend on each other: {parts:?}");
        free.iter().for_each(|part| drop(parts.remove(part)));
    }
}

/// What the lower parts do not know.
#[test]
fn the_lower_parts_name_no_resource() {
    let (edges, resources) = (edges(), resources());
    for part in ["http", "events", "jobs", "db", "auth", "state", "error", "cache", "telemetry"] {
        let named: Vec<_> = edges[part].intersection(&resources).collect();
        assert!(named.is_empty(), "{part} names {named:?}");
    }
    assert!(!edges["http"].contains("auth") && !edges["error"].contains("http"));
    assert!(!edges["db"].contains("telemetry") && !edges["db"].contains("events"));
}
