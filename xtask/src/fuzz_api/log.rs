//! What the server's log says about a run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// The requests that arrived, and what went wrong with them.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) requests: usize,
    /// Methods and routes that answered 2xx at least once.
    answered: BTreeSet<(String, String)>,
    /// Lines of level ERROR and panics, with the requests they belong to.
    pub(super) errors: Vec<String>,
}

impl Log {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = fs::read(file).context("the server left no log")?;
        Ok(Self::parse(&String::from_utf8_lossy(&text)))
    }

    /// How many operations answered 2xx at least once.
    pub(super) fn answered(&self) -> usize {
        self.answered.len()
    }

    fn parse(text: &str) -> Self {
        let mut log = Self::default();
        let mut failed = BTreeSet::new();
        for text in text.lines() {
            // `demo` greets in plain text, and a panic's message is not JSON either.
            let line: Value = serde_json::from_str(text).unwrap_or_default();
            let id = line["request_id"].as_str();
            // A request's own line comes after what went wrong in it.
            if line["level"] == "ERROR" || text.contains("panicked at") {
                log.errors.push(text.into());
                failed.extend(id.map(str::to_owned));
            } else if id.is_some_and(|id| failed.contains(id)) {
                log.errors.push(text.into());
            }
            if line["message"] == "request" {
                log.count(&line);
            }
        }
        log
    }

    fn count(&mut self, line: &Value) {
        self.requests += 1;
        let (method, route) = (line["method"].as_str(), line["route"].as_str());
        if let (Some(method), Some(route), Some(200..300)) = (method, route, line["status"].as_u64()) {
            self.answered.insert((method.into(), route.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: &str, method: &str, route: &str, status: u16) -> String {
        format!(
            r#"{{"level":"INFO","message":"request","request_id":"{id}","method":"{method}","route":"{route}","status":{status}}}"#
        )
    }

    #[test]
    fn counts_requests_and_what_answered() {
        let lines = [
            "  Coulisses Crew is on http://127.0.0.1:8000".into(),
            r#"{"level":"INFO","message":"serving","address":"127.0.0.1:8000"}"#.into(),
            request("a", "GET", "/users", 200),
            request("b", "GET", "/users", 200),
            request("c", "POST", "/users", 201),
            request("d", "POST", "/missions", 400),
            r#"{"level":"INFO","message":"request","method":"GET","path":"/nowhere","status":404}"#.into(),
        ];
        let log = Log::parse(&lines.join("\n"));
        assert_eq!((log.requests, log.answered(), log.errors.len()), (5, 2, 0));
    }

    #[test]
    fn finds_what_went_wrong_and_in_which_request() {
        let panic = "thread 'tokio-runtime-worker' panicked at src/app.rs:1:1:";
        let error = r#"{"level":"ERROR","message":"request failed","request_id":"b","status":"odd"}"#;
        let failed = request("b", "GET", "/users", 500);
        let warning = r#"{"level":"WARN","message":"request refused","request_id":"c"}"#;
        let lines = [panic, &request("a", "GET", "/users", 200), error, &failed, warning];
        assert_eq!(Log::parse(&lines.join("\n")).errors, [panic, error, &failed]);
    }
}
