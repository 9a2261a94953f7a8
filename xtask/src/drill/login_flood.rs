//! `cargo xtask drill login-flood`: does anyone notice a flood of wrong passwords?

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use clap::Args;
use serde_json::json;
use thread_priority::{ThreadPriority, set_current_thread_priority};

use super::comparison::Comparison;
use super::latency::{Reader, agent};
use super::start;
use crate::cleanup::Cleanup;

/// Between two guesses of a connection. Together they ask for some ten times as many hashes as the machine has turns for,
/// without taking the processor away from the server themselves, as guessers elsewhere would not.
const PAUSE: Duration = Duration::from_millis(60);
/// A p99 of more than so many times that without is felt.
const MOST: f64 = 2.0;
/// Resident memory may grow by this much: one hash at a time takes 19 MiB, the rest is for connections and log lines.
const MOST_GROWTH_KIB: u64 = 64 * 1024;

#[derive(Args)]
pub(crate) struct Options {
    /// Connections that guess: half of them from ever new addresses at ever new e-mails, half at one account from one
    #[arg(long, default_value_t = 32, value_name = "NUMBER")]
    guessers: u64,
    /// Measurements without and with them, in turn
    #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Of each measurement
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    seconds: u64,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let server = start(&cleanup)?;
    let reader = Reader::sign_in(&server.url)?;
    let seconds = Duration::from_secs(options.seconds);
    let (mut comparison, mut total) = (Comparison::at_most(MOST), [0; 4]);
    let before = server.memory_kib();
    for _ in 0..options.rounds {
        comparison.round(
            || reader.measure(seconds),
            || {
                let flood = Flood::begin(&server.url, options.guessers);
                let measured = reader.measure(seconds)?;
                for (sum, counted) in total.iter_mut().zip(flood.end()?) {
                    *sum += counted;
                }
                Ok(measured)
            },
        )?;
    }
    let [refused, slowed, busy, other] = total;
    println!("{} guesses: {refused} answered 401, {slowed} 429, {busy} 503", total.iter().sum::<u64>());
    ensure!(other == 0, "{other} guesses were answered otherwise");
    ensure!(refused > 0 && slowed > 0, "there was no flood");
    ensure!(server.is_ready(), "the server does not answer any more: /readyz is not 200");
    if let (Some((before, _)), Some((after, most))) = (before, server.memory_kib()) {
        println!(
            "resident memory: {} MiB before, {} MiB after, {} MiB at most",
            before >> 10,
            after >> 10,
            most >> 10
        );
        ensure!(most <= before + MOST_GROWTH_KIB, "memory grew by more than {} MiB", MOST_GROWTH_KIB >> 10);
    } else {
        println!("resident memory: this system does not tell");
    }
    server.stop();
    Ok(comparison.verdict())
}

/// Connections that guess.
struct Flood {
    over: Arc<AtomicBool>,
    guessers: Vec<JoinHandle<Result<[u64; 4]>>>,
}

impl Flood {
    fn begin(url: &str, guessers: u64) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let number = Arc::new(AtomicU64::new(0));
        let guesser = |i| {
            let (url, over, number) = (format!("{url}/api/v1/auth/login"), over.clone(), number.clone());
            thread::spawn(move || {
                // Guessers elsewhere would not take the processor from the server and those who read.
                if let Err(error) = set_current_thread_priority(ThreadPriority::Min) {
                    println!("the guessers have the priority of the readers: {error}");
                }
                let mut counted = [0; 4];
                // Their turns are spread evenly: those of guessers who do not know of each other do not coincide, either.
                let mut turn = Instant::now() + PAUSE.mul_f64(i as f64 / guessers as f64);
                while !over.load(Ordering::Relaxed) {
                    turn = (turn + PAUSE).max(Instant::now());
                    thread::sleep(turn.saturating_duration_since(Instant::now()));
                    let n = if i % 2 == 0 { number.fetch_add(1, Ordering::Relaxed) } else { 0 };
                    let status = guess(&url, n)?;
                    counted[match status {
                        401 => 0,
                        429 => 1,
                        503 => 2,
                        _ => 3,
                    }] += 1;
                }
                Ok(counted)
            })
        };
        Self { guessers: (0..guessers).map(guesser).collect(), over }
    }

    /// How many were answered 401, 429, 503 and otherwise.
    fn end(self) -> Result<[u64; 4]> {
        self.over.store(true, Ordering::Relaxed);
        let mut total = [0; 4];
        for guesser in self.guessers {
            let counted = guesser.join().map_err(|_| anyhow!("a guesser panicked"))??;
            for (sum, counted) in total.iter_mut().zip(counted) {
                *sum += counted;
            }
        }
        Ok(total)
    }
}

thread_local! {
    static AGENT: ureq::Agent = agent();
}

/// One guess; each number is another e-mail from another address. The server believes the header: it is started with
/// this machine as a trusted proxy.
fn guess(url: &str, number: u64) -> Result<u16> {
    let body = json!({ "email": format!("guess{number}@rideau-rouge.example"), "password": "wrong, but long enough" });
    let address = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
    AGENT.with(|agent| match agent.post(url).header("X-Forwarded-For", &address).send_json(body) {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(ureq::Error::StatusCode(status)) => Ok(status),
        Err(error) => Err(error.into()),
    })
}
