//! The OpenAPI document as a promise: whatever any test receives must be in it.

use serde_json::Value as Json;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Json> = LazyLock::new(|| coulisses::app::routes().1);

/// Panics when the operation, its status, or the code of its problem is not documented.
pub fn check(method: &str, path: &str, status: u16, body: &str) {
    // A colon may be sent percent-encoded; it is the same address.
    let path = path.split('?').next().unwrap_or_default().replace("%3A", ":").replace("%3a", ":");
    let path = path.as_str();
    let Some(item) = item_of(path) else { return };
    let operation = &item[method.to_lowercase()];
    if operation.is_null() {
        assert!(matches!(status, 405 | 204) || method == "HEAD", "{method} {path} answered {status}");
        return;
    }
    let response = &operation["responses"][status.to_string()];
    assert!(!response.is_null(), "{method} {path} answered {status}, which is not documented: {body}");
    if let Some(content) = response["content"].get("application/problem+json") {
        let problem: Json = serde_json::from_str(body).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default();
        let known = content["examples"].get(code).is_some();
        assert!(known, "{method} {path} answered {status} {code}, which is not documented");
    }
}

/// The most literal template that the path fits.
fn item_of(path: &str) -> Option<&'static Json> {
    let paths = DOCUMENT["paths"].as_object()?.iter();
    let fitting = paths.filter(|(template, _)| fits(template, path));
    fitting.min_by_key(|(template, _)| template.matches('{').count()).map(|(_, item)| item)
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
