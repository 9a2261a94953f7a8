//! How long reading takes: a planner's lists and objects, on a connection that is kept alive.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use ureq::Agent;

/// The planner of the demonstration's season.
const EMAIL: &str = "karim@rideau-rouge.example";
const PASSWORD: &str = "entree-des-artistes";
/// Between two reads: what is measured is waiting, not how much the machine can do.
const PAUSE: Duration = Duration::from_millis(4);

/// What is read in turn: each comes another way to its answer.
const READ: [&str; 3] = ["kept list", "other list", "one object"];

/// Reads as a signed-in planner.
pub(super) struct Reader {
    /// By the order of [`READ`]
    addresses: [String; READ.len()],
    authorization: String,
}

/// The header `Authorization` of a new session.
pub(super) fn sign_in(url: &str, email: &str, password: &str) -> Result<String> {
    let credentials = json!({ "email": email, "password": password });
    let mut answer = agent().post(format!("{url}/api/v1/auth/login")).send_json(credentials)?;
    let signed_in: Value = answer.body_mut().read_json()?;
    let token = signed_in["access_token"].as_str().context("signing in gave no token")?;
    Ok(format!("Bearer {token}"))
}

impl Reader {
    pub(super) fn sign_in(url: &str) -> Result<Self> {
        let (api, authorization) = (format!("{url}/api/v1"), planner(url)?);
        let mut projects =
            agent().get(format!("{api}/projects?limit=1")).header("Authorization", &authorization).call()?;
        let projects: Value = projects.body_mut().read_json()?;
        let project = projects[0]["id"].as_str().context("there is no project to read")?;
        let addresses = [
            // Of these the answers are kept,
            format!("{api}/missions?limit=5"),
            // of these never.
            format!("{api}/users?limit=5"),
            format!("{api}/projects/{project}"),
        ];
        Ok(Self { addresses, authorization })
    }

    /// Reads for that long.
    pub(super) fn measure(&self, duration: Duration) -> Result<Vec<Latencies>> {
        // One reader: a second one's waking up interrupts the thread that serves the first, and Linux (6.18) may then let an idle
        // thread run until the next tick. That would be measured, although readers elsewhere interrupt nobody.
        let all = thread::scope(|scope| match scope.spawn(|| self.read_for(duration)).join() {
            Ok(latencies) => latencies,
            Err(_) => bail!("the reader panicked"),
        })?;
        READ.into_iter().zip(all).map(|(what, latencies)| Latencies::of(what, latencies)).collect()
    }

    fn read_for(&self, duration: Duration) -> Result<[Vec<Duration>; READ.len()]> {
        read_at_once();
        let agent = agent();
        // Connecting is not reading.
        self.read(&agent, 0)?;
        let (begin, mut latencies) = (Instant::now(), [const { Vec::new() }; READ.len()]);
        for what in (0..READ.len()).cycle() {
            if begin.elapsed() >= duration {
                break;
            }
            latencies[what].push(self.read(&agent, what)?);
            thread::sleep(PAUSE);
        }
        Ok(latencies)
    }

    fn read(&self, agent: &Agent, what: usize) -> Result<Duration> {
        let begin = Instant::now();
        let mut answer =
            agent.get(&self.addresses[what]).header("Authorization", &self.authorization).call()?;
        let body = answer.body_mut().read_to_vec()?;
        let latency = begin.elapsed();
        ensure!(body.len() > 2, "there is nothing to read at {}", self.addresses[what]);
        Ok(latency)
    }
}

/// Whoever reads elsewhere has a processor of their own: what is measured is how long the server takes, not how long it keeps
/// a client on the same machine from seeing the answer.
#[cfg(target_os = "linux")]
fn read_at_once() {
    use thread_priority::unix::{
        RealtimeThreadSchedulePolicy::Fifo, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let at_once = ThreadSchedulePolicy::Realtime(Fifo);
    let set =
        set_thread_priority_and_policy(thread_native_id(), thread_priority::ThreadPriority::Min, at_once);
    if let Err(error) = set {
        println!("the readers wait for the processor like everyone: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn read_at_once() {}

/// The header `Authorization` of the season's planner.
pub(super) fn planner(url: &str) -> Result<String> {
    sign_in(url, EMAIL, PASSWORD)
}

pub(super) fn agent() -> Agent {
    // An answer that never comes is a failure, not a hang. The limits stand at each step: one of the whole request has a
    // thread made for every name that is looked up, and threads that come and go hold up those that measure.
    let limit = Some(Duration::from_secs(30));
    let config = Agent::config_builder()
        .timeout_connect(limit)
        .timeout_send_body(limit)
        .timeout_recv_response(limit)
        .timeout_recv_body(limit);
    // No proxy comes between.
    config.proxy(None).build().into()
}

/// How long it took to read one thing again and again.
pub(super) struct Latencies {
    what: &'static str,
    sorted: Vec<Duration>,
}

impl Latencies {
    fn of(what: &'static str, mut all: Vec<Duration>) -> Result<Self> {
        ensure!(!all.is_empty(), "nothing was read");
        all.sort_unstable();
        Ok(Self { what, sorted: all })
    }

    pub(super) fn what(&self) -> &'static str {
        self.what
    }

    pub(super) fn number(&self) -> usize {
        self.sorted.len()
    }

    /// The latency that so many of a hundred do not exceed, in milliseconds.
    pub(super) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.sorted.len() * percent).div_ceil(100).max(1);
        self.sorted[rank - 1].as_secs_f64() * 1000.0
    }
}
