//! Whether every problem that the OpenAPI document promises is one that a test provokes.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value as Json;

use crate::tests::Options;

/// Codes that do not come from an operation, and why one test of each is enough.
const NOT_OF_AN_OPERATION: [(&str, &str); 10] = [
    ("malformed_request", "refused before the request is routed: tests/it/edge/heads.rs"),
    ("uri_too_long", "refused before the request is routed: tests/it/edge/limits.rs"),
    ("headers_too_large", "refused before the request is routed: tests/it/edge/limits.rs"),
    ("timed_out", "around the router: tests/it/edge/neighbours.rs"),
    ("idempotency_in_progress", "the transaction that all writes share: tests/it/idempotency_races.rs"),
    ("unavailable", "the database: tests/it/outages.rs"),
    ("storage_full", "the database: tests/it/outages.rs, cargo xtask drill disk-full"),
    ("outcome_unknown", "the database: tests/it/outages.rs, cargo xtask drill pg-stop"),
    (
        "contended",
        "the database: tests/it/races.rs lets a lost race be run again; no test loses seven in a row",
    ),
    ("internal", "a defect: tests/it/cache"),
];

/// Where the tests write down what they provoked: a line of method, path and code each (tests/it/support/contract.rs).
pub(crate) struct Provoked(Option<PathBuf>);

impl Provoked {
    /// Nothing yet; only the whole run is to provoke everything.
    pub(crate) fn new(options: &Options) -> Result<Self> {
        if options.is_a_part() {
            return Ok(Self(None));
        }
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tmp");
        fs::create_dir_all(&folder).context("the folder for what the tests provoke")?;
        let file = folder.join(format!("provoked-{}", std::process::id()));
        fs::write(&file, "").context("the file for what the tests provoke")?;
        Ok(Self(Some(file)))
    }

    pub(crate) fn tell(&self, command: &mut Command) {
        match &self.0 {
            Some(file) => command.env("PROVOKED", file),
            None => command.env_remove("PROVOKED"),
        };
    }

    /// Fails with the codes that are documented and that nothing provoked.
    pub(crate) fn ensure_every_documented_code(self) -> Result<()> {
        let Some(file) = self.0 else { return Ok(()) };
        let provoked = fs::read_to_string(&file).context("what the tests provoked")?;
        fs::remove_file(&file).context("what the tests provoked")?;
        let provoked: BTreeSet<&str> = provoked.lines().collect();
        let documented = documented(&recorded_document()?);
        let missing: Vec<_> = documented.iter().filter(|line| !provoked.contains(&***line)).collect();
        let list = missing.iter().map(|line| format!("  {line}\n")).collect::<String>();
        ensure!(missing.is_empty(), "documented, but provoked by no test:\n{list}");
        println!("problems: each of {} documented was provoked", documented.len());
        Ok(())
    }
}

/// The OpenAPI document as the tests recorded it, below insta's head of a few lines.
fn recorded_document() -> Result<Json> {
    let snapshot = include_str!("../../backend/tests/it/snapshots/it__openapi__openapi.snap");
    let (_, document) =
        snapshot.split_once("\n---\n").context("the head of the recorded OpenAPI document")?;
    serde_json::from_str(document).context("the recorded OpenAPI document")
}

/// Each operation with each of its codes. What an operation answers under its first name it answers under today's.
fn documented(document: &Json) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if operation["deprecated"] == true {
                continue;
            }
            for (_, response) in operation["responses"].as_object().into_iter().flatten() {
                let shared = response["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
                let response = shared.and_then(|shared| document.pointer(shared)).unwrap_or(response);
                let examples = &response["content"]["application/problem+json"]["examples"];
                let codes = examples.as_object().into_iter().flatten().map(|(code, _)| code);
                let of_operation =
                    codes.filter(|code| NOT_OF_AN_OPERATION.iter().all(|(other, _)| other != *code));
                found.extend(of_operation.map(|code| format!("{} {path} {code}", method.to_uppercase())));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_an_operation_documents_is_asked_for_and_what_surrounds_it_is_not() {
        let problems = json!({ "quota_reached": {}, "unavailable": {} });
        let response = json!({ "content": { "application/problem+json": { "examples": problems } } });
        let responses = json!({ "409": response });
        let document = json!({
            "paths": {
                "/today": { "post": { "responses": responses } },
                "/shared": { "get": { "responses": { "409": { "$ref": "#/components/responses/Conflict" } } } },
                "/first": { "post": { "responses": responses, "deprecated": true } },
            },
            "components": { "responses": { "Conflict": response } },
        });
        let both = ["GET /shared quota_reached", "POST /today quota_reached"];
        assert_eq!(documented(&document), both.map(str::to_owned).into());
    }
}
