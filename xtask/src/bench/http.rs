//! Single requests to the servers under measurement, to prepare and to check.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use ureq::Agent;

pub(super) struct Http(Agent);

/// An answer's body, and what it says of the cache.
pub(super) struct Read {
    pub(super) body: Vec<u8>,
    /// The header `X-Cache`.
    pub(super) cache: Option<String>,
}

impl Http {
    pub(super) fn new() -> Self {
        // No proxy comes between; an answer that never comes is a failure, not a hang.
        Self(
            Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(120))).build().into(),
        )
    }

    pub(super) fn post(&self, url: &str, token: Option<&str>, body: &Value) -> Result<Value> {
        let mut request = self.0.post(url);
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut answer = request.send_json(body).with_context(|| format!("POST {url}"))?;
        answer.body_mut().with_config().limit(u64::MAX).read_json().with_context(|| format!("POST {url}"))
    }

    pub(super) fn get(&self, url: &str, token: &str) -> Result<Read> {
        let request = self.0.get(url).header("Authorization", format!("Bearer {token}"));
        let mut answer = request.call().with_context(|| format!("GET {url}"))?;
        let cache = answer.headers().get("x-cache").and_then(|value| Some(value.to_str().ok()?.to_owned()));
        let body = answer.body_mut().with_config().limit(u64::MAX).read_to_vec()?;
        Ok(Read { body, cache })
    }

    pub(super) fn delete(&self, url: &str) -> Result<()> {
        self.0.delete(url).call().with_context(|| format!("DELETE {url}"))?;
        Ok(())
    }

    /// Whether there is an answer, and it is a good one.
    pub(super) fn answers(&self, url: &str) -> bool {
        self.0.get(url).call().is_ok()
    }
}
