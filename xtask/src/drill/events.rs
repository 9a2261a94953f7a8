//! `cargo xtask drill events`: streams of what changes (`GET /events`), at two instances over PostgreSQL. How long after a commit was
//! answered at one is it heard at the other? What do a thousand open streams cost? And does anybody miss a commit whose stream breaks
//! off again and again, and whose instance is restarted?

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use serde_json::{Value, json};
use ureq::Agent;

use super::instance::{self, Instance};
use super::latency::{self, sign_in};
use super::ledger::lenient_agent;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile};
use crate::servers::{Durability, start_postgres};

/// Streams that one account may have open; each comes from an organisation of its own.
const OF_AN_ACCOUNT: usize = 16;
/// What a thousand streams may cost, in KiB.
const MEMORY_KIB: u64 = 20 * 1024;
const PASSWORD: &str = "la rumeur des coulisses";
/// Longer than a look and a reconnection take.
const PATIENCE: Duration = Duration::from_secs(10);
const PLAN: &str = "/planning?from=2031-01-01T00:00:00Z&to=2031-02-01T00:00:00Z";

#[derive(Args)]
pub(crate) struct Options {
    /// Writes whose way to the other instance is measured
    #[arg(long, default_value_t = 150, value_name = "NUMBER")]
    writes: usize,
    /// Streams that are open at the same time
    #[arg(long, default_value_t = 1000, value_name = "NUMBER")]
    streams: usize,
    /// How often an instance is restarted under listeners
    #[arg(long, default_value_t = 4, value_name = "NUMBER")]
    restarts: u32,
    /// Built for development
    #[arg(long)]
    dev: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(if options.dev { Profile::Dev } else { Profile::Release }, &cleanup)?;
    let postgres = start_postgres(Durability::Server, &cleanup)?;
    let start = |number| {
        let on = Databases { database_url: postgres.url.clone(), redis_url: "fakeredis://".into() };
        Instance::start(("events", number), &program, (on, Vec::new()), &cleanup)
    };
    let (one, mut other) = (start(0)?, start(1)?);
    let planner = Planner::sign_in(&one.server.url)?;
    measure_latency(options.writes, &planner, &other.server.url)?;
    measure_memory(options.streams, &other)?;
    miss_nothing(options.restarts, &planner, &mut other)?;
    drop((one.server.stop(), other.server.stop()));
    Ok(ExitCode::SUCCESS)
}

/// Renames a project.
struct Planner {
    url: String,
    authorization: String,
    agent: Agent,
    project: String,
    number: AtomicU64,
}

impl Planner {
    fn sign_in(url: &str) -> Result<Self> {
        let (authorization, agent) = (latency::planner(url)?, lenient_agent());
        let created = agent.post(format!("{url}/api/v1/projects")).header("Authorization", &authorization);
        let created: Value = created.send_json(json!({ "name": "Rumeur" }))?.body_mut().read_json()?;
        let project = created["id"].as_str().context("a project has an id")?.to_owned();
        Ok(Self { url: url.to_owned(), authorization, agent, project, number: AtomicU64::new(0) })
    }

    fn write(&self) -> Result<()> {
        let name = format!("Rumeur {}", self.number.fetch_add(1, Ordering::Relaxed));
        let request = self.agent.patch(format!("{}/api/v1/projects/{}", self.url, self.project));
        let request = request.header("Authorization", &self.authorization);
        let request = request.header("Content-Type", "application/merge-patch+json");
        let mut answer = request.send(json!({ "name": name }).to_string())?;
        let body = answer.body_mut().read_to_string()?;
        ensure!(answer.status() == 200, "a write is answered {} {body}", answer.status());
        Ok(())
    }

    /// The version of the plan now.
    fn version(&self) -> Result<String> {
        let plan = instance::get(&self.url, &self.authorization, PLAN)?;
        Ok(plan["version"].as_str().context("a plan has a version")?.to_owned())
    }
}

/// An event `changed`.
#[derive(Clone)]
struct Changed {
    id: String,
    version: String,
    at: Instant,
}

/// Opens a stream. The server closes the connection at its end.
fn open(url: &str, authorization: &str, seconds: u32, last_id: Option<&str>) -> Result<BufReader<TcpStream>> {
    let address = url.strip_prefix("http://").context("an address")?;
    let mut socket = TcpStream::connect(address).context("nobody listens")?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    let last_id = last_id.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
    let head = format!(
        "GET /api/v1/events?max_seconds={seconds} HTTP/1.1\r\nHost: drill\r\nAuthorization: {authorization}\r\n\
         Connection: close\r\n{last_id}\r\n"
    );
    socket.write_all(head.as_bytes())?;
    let (mut reader, mut status) = (BufReader::with_capacity(1024, socket), String::new());
    reader.read_line(&mut status)?;
    ensure!(status.starts_with("HTTP/1.1 200"), "a stream is answered {status:?}");
    Ok(reader)
}

/// The next event; `None` at the end. An event comes in one chunk, so its lines are whole.
fn next(stream: &mut BufReader<TcpStream>) -> Result<Option<Changed>> {
    let (mut line, mut id) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).context("a stream was silent for more than 20 s, or broke off")? == 0 {
            return Ok(None);
        }
        if let Some(sent) = line.strip_prefix("id: ") {
            id = sent.trim_end().to_owned();
        }
        if let Some(data) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(data)?;
            let version = data["version"].as_str().context("an event has a version")?.to_owned();
            return Ok(Some(Changed { id, version, at: Instant::now() }));
        }
    }
}

fn measure_latency(writes: usize, planner: &Planner, url: &str) -> Result<()> {
    let authorization = latency::planner(url)?;
    let mut stream = open(url, &authorization, 3600, None)?;
    next(&mut stream)?.context("the first event")?;
    let mut all = Vec::new();
    for _ in 0..writes {
        // Otherwise each write would follow a look.
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(|error| anyhow!("no randomness: {error}"))?;
        sleep(Duration::from_millis(u64::from(u16::from_le_bytes(random)) % 800));
        planner.write()?;
        let answered = Instant::now();
        let heard = next(&mut stream)?.context("the stream ended")?;
        all.push(heard.at.saturating_duration_since(answered));
    }
    all.sort_unstable();
    let of_hundred = |percent: usize| all[(all.len() * percent).div_ceil(100).max(1) - 1].as_millis();
    println!(
        "{} writes, heard at the other instance after p50 {} ms, p99 {} ms, at most {} ms",
        all.len(),
        of_hundred(50),
        of_hundred(99),
        of_hundred(100)
    );
    ensure!(of_hundred(99) <= 1000, "it takes more than a second");
    Ok(())
}

fn measure_memory(streams: usize, instance: &Instance) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let server = &instance.server;
    let api = format!("{}/api/v1", server.url);
    let mut tokens = Vec::new();
    for number in 0..streams.div_ceil(OF_AN_ACCOUNT) {
        let email = format!("owner{number}@rumeur.example");
        let name = format!("Rumeur {number}");
        let founded = server.output(&["org", "create", "--name", &name, "--owner-email", &email])?;
        let token = founded.trim().rsplit_once("token=").context("org create prints no link")?.1;
        let password = json!({ "token": token, "new_password": PASSWORD });
        latency::agent().post(format!("{api}/auth/reset/confirm")).send_json(password)?;
        tokens.push(sign_in(&server.url, &email, PASSWORD)?);
    }
    // Once opened and closed: what the first ones cost for good is not what a stream costs.
    let open_all = |number: usize| -> Result<Vec<_>> {
        (0..number).map(|at| open(&server.url, &tokens[at / OF_AN_ACCOUNT], 3600, None)).collect()
    };
    let memory = || {
        // Some looks later.
        sleep(Duration::from_secs(4));
        server
            .memory_kib()
            .map(|(now, _)| now)
            .context("the system does not tell how much memory a process has")
    };
    let before = memory()?;
    let all = open_all(streams)?;
    let after = memory()?;
    let more = after.saturating_sub(before);
    println!(
        "resident memory with no stream {before} KiB, with {streams} of {} organisations {after} KiB: {more} KiB more",
        tokens.len()
    );
    drop(all);
    ensure!(more <= MEMORY_KIB, "they cost more than {MEMORY_KIB} KiB");
    Ok(())
}

/// Whoever listens, at either instance in turn, for two seconds at a time, and tells the versions that they hear of.
struct Listener {
    heard: Receiver<String>,
    thread: JoinHandle<Result<u64>>,
}

impl Listener {
    fn begin(number: usize, urls: [String; 2], authorization: String, over: Arc<AtomicBool>) -> Self {
        let (told, heard) = channel();
        let thread = thread::spawn(move || listen(number, &urls, &authorization, &told, &over));
        Self { heard, thread }
    }

    /// Waits until this version is heard of.
    fn hears(&self, version: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let heard = self.heard.recv_timeout(left).with_context(|| format!("{version} was missed"))?;
            if heard == version {
                return Ok(());
            }
        }
    }
}

fn listen(
    number: usize,
    urls: &[String; 2],
    authorization: &str,
    told: &Sender<String>,
    over: &AtomicBool,
) -> Result<u64> {
    let (mut last_id, mut streams) = (None::<String>, 0);
    while !over.load(Ordering::Relaxed) {
        let url = &urls[(number + streams as usize) % 2];
        streams += 1;
        // One that is being restarted refuses the connection.
        let Ok(mut stream) = open(url, authorization, 2, last_id.as_deref()) else { continue };
        while let Some(changed) = next(&mut stream)? {
            last_id = Some(changed.id);
            if told.send(changed.version).is_err() {
                return Ok(streams);
            }
        }
    }
    Ok(streams)
}

fn miss_nothing(restarts: u32, planner: &Planner, other: &mut Instance) -> Result<()> {
    let over = Arc::new(AtomicBool::new(false));
    let urls = [planner.url.clone(), other.server.url.clone()];
    let listener =
        |number| Listener::begin(number, urls.clone(), planner.authorization.clone(), over.clone());
    let listeners: Vec<_> = (0..8).map(listener).collect();
    let mut writes = 0;
    let mut heard_by_all = |number: u64| -> Result<()> {
        for _ in 0..number {
            planner.write()?;
            let version = planner.version()?;
            listeners.iter().try_for_each(|listener| listener.hears(&version))?;
            writes += 1;
        }
        Ok(())
    };
    let mut slowest = Duration::ZERO;
    for _ in 0..restarts {
        heard_by_all(5)?;
        // Its streams are open, and it must not wait for them.
        let restarted = thread::scope(|scope| {
            let restart = scope.spawn(|| other.restart(Duration::from_secs(10)));
            let heard = heard_by_all(5);
            let took = restart.join().map_err(|_| anyhow!("the restart panicked"))?;
            heard.and(took)
        })?;
        slowest = slowest.max(restarted);
    }
    // Writers who wait for nobody; in the end everybody knows the last state.
    let flood = thread::scope(|scope| {
        let writer = || (0..100).try_for_each(|_| planner.write());
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(writer)).collect();
        writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| anyhow!("a writer panicked"))?)
    });
    flood?;
    let version = planner.version()?;
    listeners.iter().try_for_each(|listener| listener.hears(&version))?;
    over.store(true, Ordering::Relaxed);
    let mut streams = 0;
    for Listener { heard, thread } in listeners {
        drop(heard);
        streams += thread.join().map_err(|_| anyhow!("a listener panicked"))??;
    }
    println!(
        "{writes} writes, each heard by 8 listeners over {streams} streams and {restarts} restarts, none missed; \
         and the last of 400 at once. The slowest stop took {slowest:.1?}"
    );
    Ok(())
}
