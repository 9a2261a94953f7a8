//! `cargo xtask drill redis-stop`: a Redis that is paused, killed, started again and emptied under two instances over PostgreSQL, while
//! clients write at one and read at both. No request fails, and a list that is read after a write was acknowledged, at the other
//! instance, has it.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Args;
use serde_json::{Value, json};
use ureq::Agent;

use super::instance::Instance;
use super::latency;
use super::ledger::lenient_agent;
use super::reading::Readers;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile, signal};
use crate::servers::{Durability, Redis, start_postgres, start_redis};

#[derive(Args)]
pub(crate) struct Options {
    /// How often Redis is paused, killed and emptied
    #[arg(long, default_value_t = 3, value_name = "NUMBER")]
    rounds: u32,
    /// How long each lasts, and the calm in between
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    seconds: u64,
    /// Built for development
    #[arg(long)]
    dev: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(if options.dev { Profile::Dev } else { Profile::Release }, &cleanup)?;
    let postgres = start_postgres(Durability::Server, &cleanup)?;
    let mut redis = start_redis(&cleanup)?;
    let mut instances = Vec::new();
    for number in 0..2 {
        let on = Databases { database_url: postgres.url.clone(), redis_url: redis.url.clone() };
        instances.push(Instance::start(("redis-stop", number), &program, (on, Vec::new()), &cleanup)?);
    }
    let urls = [&*instances[0].server.url, &*instances[1].server.url];
    let readers = Readers::begin(urls[1], 4)?;
    let watch = Watch::begin(urls)?;
    let pause = || sleep(Duration::from_secs(options.seconds));
    for round in 1..=options.rounds {
        for trouble in ["paused", "killed", "emptied"] {
            pause();
            let begin = watch.seen();
            trouble_and_back(trouble, &mut redis, &pause, &cleanup)?;
            ensure!(watch.seen() > begin, "nothing was written and read while Redis was {trouble}");
            println!(
                "round {round}, {trouble}: {} writes, each seen at once elsewhere",
                watch.seen() - begin
            );
        }
    }
    pause();
    let (writes, longest) = watch.end()?;
    println!(
        "{writes} writes and {} reads, none failed, none stale; the slowest took {longest:?}",
        readers.end()?
    );
    instances.into_iter().for_each(|one| drop(one.server.stop()));
    Ok(ExitCode::SUCCESS)
}

fn trouble_and_back(trouble: &str, redis: &mut Redis, pause: &impl Fn(), cleanup: &Cleanup) -> Result<()> {
    match trouble {
        "paused" => {
            signal(redis.id(), "-STOP")?;
            pause();
            signal(redis.id(), "-CONT")
        }
        "killed" => {
            redis.kill();
            pause();
            redis.start_again(cleanup)
        }
        _ => {
            redis.flush()?;
            pause();
            Ok(())
        }
    }
}

/// Whoever writes at one instance, and looks at the other whether it is there.
struct Watch {
    over: Arc<AtomicBool>,
    seen: Arc<AtomicU64>,
    thread: JoinHandle<Result<Duration>>,
}

impl Watch {
    fn begin(urls: [&str; 2]) -> Result<Self> {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::<AtomicU64>::default();
        let authorization = latency::planner(urls[0])?;
        let urls = urls.map(str::to_owned);
        let (until, count) = (over.clone(), seen.clone());
        let thread = thread::spawn(move || {
            let (agent, mut longest) = (lenient_agent(), Duration::ZERO);
            // One project that is renamed: its name in the list tells how old the list is.
            let project = write(&agent, &authorization, (&urls[0], "", "POST"), "Drill 0")?;
            let path = format!("/{}", project["id"].as_str().context("a project has an id")?);
            for number in 1_u64.. {
                if until.load(Ordering::Relaxed) {
                    break;
                }
                let name = format!("Drill {number}");
                let begin = Instant::now();
                write(&agent, &authorization, (&urls[0], &path, "PATCH"), &name)?;
                longest = longest.max(begin.elapsed());
                let begin = Instant::now();
                let list = list(&agent, &authorization, &urls[1])?;
                longest = longest.max(begin.elapsed());
                let there = list.as_array().is_some_and(|all| all.iter().any(|one| one["name"] == *name));
                ensure!(there, "{name} was acknowledged and is missing in the list of the other instance");
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(longest)
        });
        Ok(Self { over, seen, thread })
    }

    fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    fn end(self) -> Result<(u64, Duration)> {
        self.over.store(true, Ordering::Relaxed);
        let longest = self.thread.join().map_err(|_| anyhow!("the watch panicked"))??;
        Ok((self.seen.load(Ordering::Relaxed), longest))
    }
}

fn write(
    agent: &Agent,
    authorization: &str,
    (url, path, method): (&str, &str, &str),
    name: &str,
) -> Result<Value> {
    let url = format!("{url}/api/v1/projects{path}");
    let body = json!({ "name": name });
    let mut answer = match method {
        "POST" => agent.post(url).header("Authorization", authorization).send_json(body)?,
        _ => {
            let request = agent.patch(url).header("Authorization", authorization);
            request.header("Content-Type", "application/merge-patch+json").send(body.to_string())?
        }
    };
    let value: Value = answer.body_mut().read_json()?;
    ensure!(answer.status() == 200, "a write is answered {} {value}", answer.status());
    Ok(value)
}

fn list(agent: &Agent, authorization: &str, url: &str) -> Result<Value> {
    let request = agent.get(format!("{url}/api/v1/projects?limit=100"));
    let mut answer = request.header("Authorization", authorization).call()?;
    let value: Value = answer.body_mut().with_config().limit(16 << 20).read_json()?;
    ensure!(answer.status() == 200, "a list is answered {} {value}", answer.status());
    Ok(value)
}
