//! What schemathesis reports of a run, and whether that is a run to trust.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A run that leaves one of these out is no success.
const PHASES: [&str; 4] = ["examples", "coverage", "fuzzing", "stateful"];

/// The parts of its JSON report that decide.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    pub(super) operations: Operations,
    pub(super) test_cases: TestCases,
    phases: BTreeMap<String, Phase>,
    errors: Vec<Value>,
    auth: Auth,
}

#[derive(Debug, Deserialize)]
pub(super) struct Operations {
    total: usize,
    pub(super) tested: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct TestCases {
    pub(super) generated: usize,
    pub(super) unique_failures: usize,
}

#[derive(Debug, Deserialize)]
struct Phase {
    status: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Auth {
    /// Signing in anew failed.
    reauth_broke: bool,
}

impl Report {
    /// Each reason why the run is no success, besides the failures it found.
    pub(super) fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        let Operations { total, tested } = self.operations;
        if tested == 0 || tested < total {
            gaps.push(format!("{tested} of the document's {total} operations were tested; all must be"));
        }
        for name in PHASES {
            let status = self.phases.get(name).and_then(|phase| phase.status.as_deref());
            if !matches!(status, Some("success" | "failure")) {
                gaps.push(format!("the phase {name} ended as {}", status.unwrap_or("not run")));
            }
        }
        if !self.errors.is_empty() {
            gaps.push(format!("schemathesis met {} errors of its own", self.errors.len()));
        }
        if self.auth.reauth_broke {
            gaps.push("the manager could not sign in again after the session had ended".into());
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Value {
        let phase = json!({ "status": "success", "skip_reason": null });
        json!({
            "operations": { "total": 44, "selected": 44, "tested": 44 },
            "phases": { "examples": phase, "coverage": { "status": "failure" }, "fuzzing": phase, "stateful": phase },
            "test_cases": { "generated": 2440, "unique_failures": 1 },
            "errors": [],
            "auth": { "reauth_count": 0, "reauth_broke": false },
        })
    }

    fn gaps(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut report = report();
        change(&mut report);
        serde_json::from_value::<Report>(report).unwrap().gaps()
    }

    #[test]
    fn a_complete_run_has_no_gaps() {
        assert_eq!(gaps(|_| ()), Vec::<String>::new());
    }

    #[test]
    fn a_run_without_operations_is_no_success() {
        let gaps = gaps(|report| report["operations"] = json!({ "total": 0, "tested": 0 }));
        assert_eq!(gaps, ["0 of the document's 0 operations were tested; all must be"]);
    }

    #[test]
    fn whatever_was_left_out_is_named() {
        assert_eq!(gaps(|report| report["operations"]["tested"] = json!(43)).len(), 1);
        assert_eq!(gaps(|report| report["phases"]["stateful"]["status"] = json!("skip")).len(), 1);
        assert_eq!(gaps(|report| report["phases"]["coverage"]["status"] = json!(null)).len(), 1);
        assert_eq!(gaps(|report| drop(report["phases"].as_object_mut().unwrap().remove("fuzzing"))).len(), 1);
        assert_eq!(gaps(|report| report["errors"] = json!([{ "title": "Authentication Error" }])).len(), 1);
        assert_eq!(gaps(|report| report["auth"]["reauth_broke"] = json!(true)).len(), 1);
    }
}
