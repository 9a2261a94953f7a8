//! Writes whose answers are kept, to be compared with what is there afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use super::latency;

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// 200.
    Done,
    /// A problem: its status and code.
    Refused(u16, String),
}

/// Adds people as a signed-in planner.
pub(super) struct Planner {
    url: String,
    authorization: String,
    agent: Agent,
}

impl Planner {
    pub(super) fn sign_in(url: &str) -> Result<Self> {
        Ok(Self { url: url.to_owned(), authorization: latency::planner(url)?, agent: lenient_agent() })
    }

    /// Adds one person of that name, under a key of that name.
    pub(super) fn add(&self, name: &str) -> Result<Answer> {
        let request = self.agent.post(format!("{}/api/v1/users", self.url));
        let request = request.header("Authorization", &self.authorization).header("Idempotency-Key", name);
        // Some kilobytes, so that a small disk fills up.
        let person = json!({ "name": name, "bio": "x".repeat(2000) });
        let mut answer = request.send_json(person).context("a write was not answered")?;
        let status = answer.status().as_u16();
        if status == 200 {
            return Ok(Answer::Done);
        }
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        ensure!(
            kind == Some("application/problem+json"),
            "{status} is answered by {kind:?}, not by a problem"
        );
        let problem: Value = answer.body_mut().read_json()?;
        Ok(Answer::Refused(status, problem["code"].as_str().context("a problem has a code")?.to_owned()))
    }

    /// How often each name is there that begins so.
    pub(super) fn names(&self, prefix: &str) -> Result<BTreeMap<String, usize>> {
        let mut found = BTreeMap::new();
        let mut page = format!("/api/v1/users?limit=500&q={prefix}");
        loop {
            let request = self.agent.get(format!("{}{page}", self.url));
            let mut answer = request.header("Authorization", &self.authorization).call()?;
            ensure!(answer.status() == 200, "reading the people is answered {}", answer.status());
            let link = answer.headers().get("link").and_then(|link| link.to_str().ok()).map(str::to_owned);
            let people: Vec<Value> = answer.body_mut().with_config().limit(64 << 20).read_json()?;
            for name in people.iter().filter_map(|person| person["name"].as_str()) {
                *found.entry(name.to_owned()).or_default() += 1;
            }
            match link.as_deref().and_then(|link| link.strip_prefix('<')?.split('>').next()) {
                Some(next) => page = next.to_owned(),
                None => return Ok(found),
            }
        }
    }
}

/// One that reads refusals like any answer.
pub(super) fn lenient_agent() -> Agent {
    let config = Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(30)));
    config.http_status_as_error(false).build().into()
}

/// What was answered, by name.
#[derive(Default)]
pub(super) struct Ledger {
    done: Vec<String>,
    /// With the answer that they had.
    refused: Vec<(String, Answer)>,
    /// Refusals, also of what was tried again.
    counted: BTreeMap<String, usize>,
}

impl Ledger {
    pub(super) fn note(&mut self, name: String, answer: Answer) {
        self.count(&answer);
        match answer {
            Answer::Done => self.done.push(name),
            refused @ Answer::Refused(..) => self.refused.push((name, refused)),
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.done.extend(other.done);
        self.refused.extend(other.refused);
        for (kind, times) in other.counted {
            *self.counted.entry(kind).or_default() += times;
        }
    }

    /// Counts a refusal, without a word on what came of the write in the end.
    pub(super) fn count(&mut self, answer: &Answer) {
        if let Answer::Refused(status, code) = answer {
            *self.counted.entry(format!("{status} {code}")).or_default() += 1;
        }
    }

    /// Compares it with what is there: what was acknowledged exactly once, what was refused not at all, unless its answer said
    /// that nobody knows.
    pub(super) fn check(&self, there: &BTreeMap<String, usize>) -> Result<()> {
        let times = |name: &String| there.get(name).copied().unwrap_or(0);
        let lost = self.done.iter().filter(|name| times(name) == 0).count();
        let twice = there.values().filter(|times| **times > 1).count();
        let unknown =
            |answer: &Answer| matches!(answer, Answer::Refused(_, code) if code == "outcome_unknown");
        let phantoms =
            self.refused.iter().filter(|(name, answer)| !unknown(answer) && times(name) > 0).count();
        println!(
            "  {} acknowledged, {} refused: {lost} lost, {twice} there twice, {phantoms} there although refused",
            self.done.len(),
            self.refused.len()
        );
        if lost + twice + phantoms > 0 {
            bail!("the answers and what is there differ");
        }
        Ok(())
    }

    /// How many answers there were of each status and code, but for 200.
    pub(super) fn refusals(&self) -> &BTreeMap<String, usize> {
        &self.counted
    }
}
