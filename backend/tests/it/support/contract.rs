//! The OpenAPI document as a promise: whatever any test receives must be in it.

use crate::operations::{Operation, declared};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::Write,
    sync::{LazyLock, Mutex, PoisonError},
};

static DOCUMENT: LazyLock<Json> = LazyLock::new(coulisses::app::document);

/// Panics when the operation, its status, or the code of its problem is not documented.
pub fn check(method: &str, path: &str, status: u16, body: &str) {
    // A colon may be sent percent-encoded; it is the same address.
    let path = path.split('?').next().unwrap_or_default().replace("%3A", ":").replace("%3a", ":");
    let path = path.as_str();
    let Some((template, item)) = item_of(path) else { return };
    let operation = &item[method.to_lowercase()];
    if operation.is_null() {
        assert!(matches!(status, 405 | 204) || method == "HEAD", "{method} {path} answered {status}");
        return;
    }
    let response = resolved(&operation["responses"][status.to_string()]);
    assert!(!response.is_null(), "{method} {path} answered {status}, which is not documented: {body}");
    check_bound(method, template, status, body);
    if status == 200 {
        let mut succeeded = SUCCEEDED.lock().unwrap_or_else(PoisonError::into_inner);
        succeeded.entry(test_name()).or_default().insert(format!("{method} {template}"));
    }
    if let Some(content) = response["content"].get("application/problem+json") {
        let problem: Json = serde_json::from_str(body).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default();
        let known = content["examples"].get(code).is_some();
        assert!(known, "{method} {path} answered {status} {code}, which is not documented");
        note_provoked(&format!("{method} {template} {code}"));
    }
}

/// What a reference within the document leads to.
pub fn resolved(json: &Json) -> &Json {
    let reference =
        json["$ref"].as_str().and_then(|reference| DOCUMENT.pointer(reference.trim_start_matches('#')));
    reference.unwrap_or(json)
}

/// Adds a line to the file that `cargo xtask test` names, from which it learns at the end which documented codes no test
/// provokes.
fn note_provoked(line: &str) {
    type Noted = Mutex<(File, BTreeSet<String>)>;
    static NOTED: LazyLock<Option<Noted>> = LazyLock::new(|| {
        let file = File::options().append(true).create(true).open(std::env::var_os("PROVOKED")?);
        Some(Mutex::new((file.expect("the file named by PROVOKED"), BTreeSet::new())))
    });
    let Some(noted) = &*NOTED else { return };
    let (file, seen) = &mut *noted.lock().unwrap_or_else(PoisonError::into_inner);
    if seen.insert(line.to_owned()) {
        writeln!(file, "{line}").expect("a line is written");
    }
}

/// The largest refusal, whatever is refused.
const REFUSAL: usize = 2 * 1024 * 1024;

/// Panics when an answer is larger than `docs/bounds.md` says.
fn check_bound(method: &str, template: &str, status: u16, body: &str) {
    let operation = declared().iter().find(|one| one.method == method && one.template == template);
    let bound = operation.filter(|_| status == 200).and_then(Operation::largest_answer).unwrap_or(REFUSAL);
    // A list goes on, also when one item of an earlier release is larger than a page.
    let one_item = || serde_json::from_str::<Vec<Json>>(body).is_ok_and(|items| items.len() == 1);
    assert!(body.len() <= bound || one_item(), "{method} {template} answered {} bytes", body.len());
}

/// What each test has seen succeed so far.
static SUCCEEDED: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());

/// The test that runs now: a test has a thread of its own, named after it.
fn test_name() -> String {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or_default();
    name.split("::db_").next().unwrap_or_default().to_owned()
}

/// At the end of a test: the calls that are declared to be tested by it did succeed in it.
pub fn check_calls() {
    let name = test_name();
    let succeeded = SUCCEEDED.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = succeeded.get(&name);
    for call in declared().iter().filter(|call| call.declared.tested_by == name).map(Operation::name) {
        let proved = seen.is_some_and(|seen| seen.contains(&call));
        assert!(proved, "{call} is declared to be tested by {name}, but it did not succeed in it");
    }
}

/// The most literal template that the path fits.
fn item_of(path: &str) -> Option<(&'static String, &'static Json)> {
    let paths = DOCUMENT["paths"].as_object()?.iter();
    let fitting = paths.filter(|(template, _)| fits(template, path));
    fitting.min_by_key(|(template, _)| template.matches('{').count())
}

fn fits(template: &str, path: &str) -> bool {
    let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    wanted.len() == given.len() && wanted.iter().zip(given).all(|(wanted, given)| segment_fits(wanted, given))
}

fn segment_fits(wanted: &str, given: &str) -> bool {
    match wanted.split_once('}') {
        Some((_, "")) => !given.contains(':'),
        Some((_, verb)) => given.ends_with(verb),
        None => wanted == given,
    }
}
