//! `docs/security.md` names the test behind each promise: each exists, and none here is left out.

use crate::support::source::sources;
use std::{collections::BTreeSet, path::Path};

const DOCUMENT: &str = include_str!("../../../../docs/security.md");
/// Promises, counted by section: a line that goes missing is noticed.
const SECTIONS: [(&str, usize); 5] = [
    ("### Passwords and sign-in", 4),
    ("### Tokens", 8),
    ("### Access", 6),
    ("### Edge", 4),
    ("### Traces and supply", 3),
];

/// The promises of a section, each with its tests.
fn rows(section: &str) -> Vec<(&'static str, &'static str)> {
    let (_, text) =
        DOCUMENT.split_once(&format!("{section}\n")).unwrap_or_else(|| panic!("no section {section}"));
    let text = text.split("\n#").next().unwrap_or_default();
    let rows = text.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let (promise, tests) = row.trim_matches('|').split_once('|').expect("two cells");
        (promise.trim(), tests.trim())
    })
    .collect()
}

/// Every test that is named, in the tables and below them.
fn named() -> BTreeSet<&'static str> {
    DOCUMENT.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect()
}

/// The source of a module of the tests, or of the program when its last part is `tests`.
fn source_of(module: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = match module.strip_suffix("::tests") {
        Some(unit) => root.join("src").join(unit.replace("::", "/")),
        None => root.join("tests/it").join(module.replace("::", "/")),
    };
    // Many tests of a module have a file of their own.
    let places = [path.join("tests.rs"), path.with_extension("rs"), path.join("mod.rs")];
    places.iter().find_map(|place| std::fs::read_to_string(place).ok()).unwrap_or_default()
}

#[test]
fn every_promise_has_a_row() {
    for (section, wanted) in SECTIONS {
        let rows = rows(section);
        assert_eq!(rows.len(), wanted, "{section}: {rows:#?}");
        for (promise, tests) in rows {
            assert!(promise.len() > 40, "{promise}");
            assert!(tests == "-" || tests.starts_with('`'), "{promise}: {tests}");
        }
    }
}

#[test]
fn every_test_it_names_exists() {
    let named = named();
    assert!(named.len() > 40, "{} tests", named.len());
    for test in named {
        let (module, name) = test.rsplit_once("::").unwrap_or_else(|| panic!("{test} names no module"));
        let source = source_of(module);
        let function = source.find(&format!("fn {name}(")).unwrap_or_else(|| panic!("no test {test}"));
        let attributes = source[..function].rsplit("\n\n").next().unwrap_or_default();
        let is_test = attributes.contains("#[test]") || attributes.contains("#[tokio::test");
        assert!(is_test, "{test} is no test");
    }
}

#[test]
fn every_test_of_this_group_is_named_in_it() {
    let named = named();
    let mut found = 0;
    for (path, source) in sources("tests/it/security") {
        let file = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        for block in source.split("\n\n") {
            let Some((_, after)) = block.split_once("test]\n").or_else(|| block.split_once("#[tokio::test("))
            else {
                continue;
            };
            let name = after.split("fn ").nth(1).and_then(|rest| rest.split('(').next()).expect("a function");
            found += 1;
            let test = format!("security::{file}::{name}");
            assert!(named.contains(test.as_str()), "docs/security.md does not name {test}");
        }
    }
    assert!(found >= 25, "only {found} tests");
}
