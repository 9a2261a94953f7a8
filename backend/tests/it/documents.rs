//! The documents say what the code does.

use crate::operations::{operations, tables};
use coulisses::config::Config;
use std::collections::BTreeSet;

#[test]
fn the_errors_document_lists_every_code_with_its_status() {
    let samples = coulisses::openapi::samples();
    let in_code: BTreeSet<_> = samples
        .iter()
        .map(|error| {
            let (status, code) = error.status_and_code();
            (status.as_u16().to_string(), code.to_owned())
        })
        .collect();
    assert_eq!(in_code.len(), samples.len(), "each code once");
    let table = include_str!("../../../docs/errors.md");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let in_document: BTreeSet<_> = rows
        .map(|row| {
            let mut cells = row.split('|').map(str::trim).skip(1);
            let code = cells.next().unwrap().trim_matches('`').to_owned();
            (cells.next().unwrap().to_owned(), code)
        })
        .collect();
    assert!(in_code.len() > 20, "{in_code:?}");
    assert_eq!(in_document, in_code);
}

#[test]
fn the_example_environment_has_every_setting_with_its_default() {
    let config = Config::from_lookup(&|_| None).unwrap();
    let example = include_str!("../../../.env.example");
    let named: BTreeSet<_> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_ascii_lowercase()))
        .collect();
    for (name, value) in config.effective() {
        let (_, shown) = named.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name} is missing"));
        let secret = matches!(name, "SECRET_KEY" | "INVITES_SECRET");
        let same = match name {
            "REDIS_URL" => shown == "fakeredis://",
            _ => secret || *shown == value.to_ascii_lowercase(),
        };
        assert!(same, "{name} is {value}, not {shown}");
    }
    assert_eq!(named.len(), config.effective().len());
    let settings: std::collections::HashMap<_, _> =
        example.lines().filter_map(|line| line.split_once('=')).collect();
    Config::from_lookup(&|name| settings.get(name).map(|value| (*value).to_owned())).unwrap();
}

#[test]
fn every_call_has_a_test_on_both_databases_that_proves_it() {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for operation in operations() {
        let (call, test) = (operation.name(), operation.declared.tested_by);
        let (module, name) = test.rsplit_once("::").unwrap_or_else(|| panic!("{call}: no test {test:?}"));
        let path = tests.join(module.replace("::", "/"));
        let source = std::fs::read_to_string(path.with_extension("rs"))
            .or_else(|_| std::fs::read_to_string(path.join("mod.rs")))
            .unwrap_or_else(|error| panic!("{call}: {module}: {error}"));
        // That the call succeeds in it, the test itself checks when it ends.
        let signature = source
            .split(&format!("async fn {name}("))
            .nth(1)
            .unwrap_or_else(|| panic!("{call}: no test {test}"));
        let signature = signature.split('{').next().unwrap();
        assert!(signature.contains("Kind::Sqlite, Kind::Postgres"), "{test} does not run on both databases");
    }
    tables::assert_recorded("calls.md", tables::calls());
}

#[test]
fn the_architecture_names_parts_that_exist() {
    let document = include_str!("../../../ARCHITECTURE.md");
    let plan = document.split("```").nth(1).unwrap();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for line in plan.lines().filter(|line| line.starts_with("  ")) {
        let names = line.trim().split("   ").next().unwrap();
        for name in names.split_whitespace().filter(|name| name.ends_with('/') || name.ends_with(".rs")) {
            let direct = source.join(name);
            assert!(direct.exists() || source.join("resources").join(name).exists(), "{name} does not exist");
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} parts were found");
    for module in include_str!("../../src/lib.rs").lines().filter_map(|line| line.split("mod ").nth(1)) {
        let module = module.trim_end_matches(';');
        assert!(
            plan.contains(&format!("{module}.rs")) || plan.contains(&format!("{module}/")),
            "{module} is missing"
        );
    }
}
