//! `cargo xtask drill noisy-neighbour`: does anyone notice an organisation that asks for all it can?

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use clap::{Args, ValueEnum};
use serde_json::json;
use thread_priority::ThreadPriority;

use super::comparison::Comparison;
use super::latency::Reader;
use super::neighbour::{EMAIL, Neighbour, missions};
use super::start_on;
use crate::cleanup::Cleanup;
use crate::servers::{Durability, start_postgres};

/// The p99 of others may be so many times what it is without the neighbour.
const MOST: f64 = 3.0;
/// Between two bulk requests that are carried out: the database would otherwise grow by a gigabyte a minute.
const PAUSE: Duration = Duration::from_millis(500);
/// As fast as the fingers of a crowd.
const GUESSING: Duration = Duration::from_millis(60);
/// That send one small request after the other, without a pause.
const CONNECTIONS: u64 = 60;

#[derive(Args)]
pub(crate) struct Options {
    /// Its clients that ask for large lists, each time for another one, without a pause
    #[arg(long, default_value_t = 4, value_name = "NUMBER")]
    lists: u64,
    /// What it does, instead of all that is large; may be given several times
    #[arg(long, value_enum, value_name = "NOISE")]
    only: Vec<Noise>,
    /// Over PostgreSQL instead of SQLite
    #[arg(long)]
    postgres: bool,
    /// Measurements without and with the neighbour, in turn
    #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Of each measurement
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    seconds: u64,
    /// As short as tells anything: three rounds of 12 seconds
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    short: bool,
}

impl Options {
    fn rounds(&self) -> (u32, Duration) {
        let (rounds, seconds) = if self.short { (3, 12) } else { (self.rounds, self.seconds) };
        (rounds, Duration::from_secs(seconds))
    }
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let postgres = match options.postgres {
        true => Some(start_postgres(Durability::Server, &cleanup)?),
        false => None,
    };
    let server = start_on(postgres.as_ref(), &cleanup)?;
    let reader = Reader::sign_in(&server.url)?;
    let neighbour = Arc::new(Neighbour::move_in(&server)?);
    let (rounds, duration) = options.rounds();
    let noises = if options.only.is_empty() { Noise::LARGE.to_vec() } else { options.only.clone() };
    let mut comparison = Comparison::at_most(MOST);
    let mut total = [[0; 3]; Noise::NUMBER];
    for _ in 0..rounds {
        comparison.round(
            || reader.measure(duration),
            || {
                let crowd = Crowd::begin(&neighbour, &noises, options.lists);
                let measured = reader.measure(duration)?;
                crowd.end(&mut total)?;
                Ok(measured)
            },
        )?;
    }
    for noise in noises {
        let [done, refused, other] = total[noise as usize];
        println!("{}: {done} carried out, {refused} refused", noise.word());
        ensure!(done + refused > 0, "there was no noise");
        ensure!(other == 0, "{other} were answered with 500 or worse than 503");
    }
    ensure!(server.is_ready(), "the server does not answer any more: /readyz is not 200");
    server.stop();
    Ok(comparison.verdict())
}

#[derive(Clone, Copy, ValueEnum)]
enum Noise {
    /// Pages of a thousand, compressed, no two with the same query: none is kept.
    Lists,
    /// A thousand missions at once.
    Bulks,
    /// Two megabytes of them, the last of which is wrong.
    WrongBulks,
    /// What is in the way of someone who is everywhere.
    Conflicts,
    /// Wrong passwords.
    Guesses,
    /// One object again and again, from many connections.
    Reads,
    /// What is refused before anything is written, from many connections.
    Mistakes,
}

impl Noise {
    /// What keeps the server busy with few clients.
    const LARGE: [Self; 5] = [Self::Lists, Self::Bulks, Self::WrongBulks, Self::Conflicts, Self::Guesses];
    const NUMBER: usize = Self::Mistakes as usize + 1;

    fn word(self) -> &'static str {
        match self {
            Self::Lists => "large lists",
            Self::Bulks => "bulk requests",
            Self::WrongBulks => "bulk requests with a mistake",
            Self::Conflicts => "conflicts",
            Self::Guesses => "guesses",
            Self::Reads => "single reads",
            Self::Mistakes => "single writes with a mistake",
        }
    }

    fn clients(self, lists: u64) -> u64 {
        match self {
            Self::Lists => lists,
            Self::Bulks | Self::Conflicts => 2,
            Self::WrongBulks => 1,
            Self::Guesses => 4,
            Self::Reads | Self::Mistakes => CONNECTIONS,
        }
    }

    /// Makes it once; the status.
    fn make(self, neighbour: &Neighbour, bodies: &Bodies, number: u64) -> Result<u16> {
        match self {
            Self::Lists => {
                neighbour.try_get(&format!("/missions?limit=1000&from=2000-01-01T00:00:00.{number:06}Z"))
            }
            Self::Conflicts => {
                neighbour.try_get(&format!("/conflicts?limit=1000&from=2000-01-01T00:00:00.{number:06}Z"))
            }
            Self::Reads => neighbour.try_get(&format!("/projects/{}", neighbour.project)),
            Self::Mistakes => neighbour.try_post("/missions", &bodies.mistake),
            Self::Bulks => {
                thread::sleep(PAUSE);
                neighbour.try_post(&neighbour.bulk_path(), &bodies.right)
            }
            Self::WrongBulks => neighbour.try_post(&neighbour.bulk_path(), &bodies.wrong),
            Self::Guesses => {
                thread::sleep(GUESSING);
                let guess = json!({ "email": EMAIL, "password": "wrong, but long enough" });
                neighbour.try_post("/auth/login", &guess.to_string())
            }
        }
    }
}

/// What the bulk requests send, made once: making it takes longer than sending it.
struct Bodies {
    right: String,
    wrong: String,
    mistake: String,
}

impl Bodies {
    fn new() -> Self {
        let mut items = missions(0, 999);
        let right = items.to_string();
        if let Some(items) = items.as_array_mut() {
            // As large as bodies may be.
            let room = 2 * 1024 * 1024 - right.len() - 8 * 1024;
            let padding = "é".repeat(room / 999 / 2);
            for item in items.iter_mut() {
                item["location"] = json!("x");
                item["note"] = json!(format!("{} {padding}", item["note"].as_str().unwrap_or_default()));
            }
            items.push(json!({ "title": "" }));
        }
        // Its last member, behind as long a note as there may be, is missing.
        let mistake = json!({ "note": "é".repeat(2000), "title": "Montage" }).to_string();
        Self { right, wrong: items.to_string(), mistake }
    }
}

/// The neighbour's clients.
struct Crowd {
    over: Arc<AtomicBool>,
    clients: Vec<(Noise, JoinHandle<Result<[u64; 3]>>)>,
}

impl Crowd {
    fn begin(neighbour: &Arc<Neighbour>, noises: &[Noise], lists: u64) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let bodies = Arc::new(Bodies::new());
        let mut clients = Vec::new();
        for &noise in noises {
            for _ in 0..noise.clients(lists) {
                let (neighbour, bodies, over) = (neighbour.client(), bodies.clone(), over.clone());
                let client = thread::spawn(move || {
                    // Clients elsewhere would not take the processor from the server and those who read.
                    if let Err(error) = step_aside() {
                        println!("the neighbour has the priority of the readers: {error}");
                    }
                    make_noise(noise, &neighbour, &bodies, &over)
                });
                clients.push((noise, client));
            }
        }
        Self { over, clients }
    }

    /// Adds how many were carried out, refused, and answered otherwise.
    fn end(self, total: &mut [[u64; 3]; Noise::NUMBER]) -> Result<()> {
        self.over.store(true, Ordering::Relaxed);
        for (noise, client) in self.clients {
            let counted = client.join().map_err(|_| anyhow!("a client panicked"))??;
            for (sum, counted) in total[noise as usize].iter_mut().zip(counted) {
                *sum += counted;
            }
        }
        Ok(())
    }
}

/// However low its priority, another thread may run until the next tick, 4 ms later; not so one that is there for when the
/// processor is idle.
#[cfg(target_os = "linux")]
fn step_aside() -> Result<(), thread_priority::Error> {
    use thread_priority::unix::{
        NormalThreadSchedulePolicy::Idle, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let idle = ThreadSchedulePolicy::Normal(Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
}

#[cfg(not(target_os = "linux"))]
fn step_aside() -> Result<(), thread_priority::Error> {
    thread_priority::set_current_thread_priority(ThreadPriority::Min)
}

fn make_noise(noise: Noise, neighbour: &Neighbour, bodies: &Bodies, over: &AtomicBool) -> Result<[u64; 3]> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut counted = [0; 3];
    while !over.load(Ordering::Relaxed) {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed) % 1_000_000;
        let kind = match noise.make(neighbour, bodies, number)? {
            200 => 0,
            400..=499 | 503 => 1,
            _ => 2,
        };
        counted[kind] += 1;
    }
    Ok(counted)
}
