//! A signed-in planner of one instance.

use anyhow::{Context, Result};
use serde_json::Value;
use ureq::Agent;

use super::super::ledger::lenient_agent;

/// What was answered: its status and its JSON.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// A text of the answer; empty when there is none of this name.
    pub(super) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    /// Status and code, as a table shows them.
    pub(super) fn told(&self) -> String {
        format!("{} {}", self.status, self.text("code")).trim().to_owned()
    }
}

#[derive(Clone)]
pub(super) struct Client {
    url: String,
    authorization: String,
    agent: Agent,
}

impl Client {
    pub(super) fn new(url: &str, authorization: String) -> Self {
        Self { url: format!("{url}/api/v1"), authorization, agent: lenient_agent() }
    }

    pub(super) fn send(&self, method: &str, path: &str, body: &Value) -> Result<Answer> {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request =
            request.header("Authorization", &self.authorization).header("Content-Type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut answer = self.agent.run(request.body(body)?).with_context(|| format!("{method} {path}"))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string()?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or_default() })
    }

    /// What is there, which nothing refuses.
    pub(super) fn get(&self, path: &str) -> Result<Value> {
        self.expect("GET", path, &Value::Null)
    }

    /// The answer to what nothing refuses.
    pub(super) fn expect(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let answer = self.send(method, path, body)?;
        anyhow::ensure!(
            answer.status == 200,
            "{method} {path} is answered {}: {}",
            answer.told(),
            answer.body
        );
        Ok(answer.body)
    }

    /// The id of what a POST makes.
    pub(super) fn make(&self, path: &str, body: &Value) -> Result<String> {
        let made = self.expect("POST", path, body)?;
        Ok(made["id"].as_str().with_context(|| format!("POST {path} gave no id"))?.to_owned())
    }

    /// The ids of what a bulk request makes.
    pub(super) fn make_all(&self, path: &str, body: &Value) -> Result<Vec<String>> {
        let made = self.expect("POST", path, body)?;
        let ids = made["ids"].as_array().with_context(|| format!("POST {path} gave no ids"))?;
        Ok(ids.iter().filter_map(|id| id.as_str()).map(str::to_owned).collect())
    }
}
