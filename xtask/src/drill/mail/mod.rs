//! `cargo xtask drill mail`: a mail server in trouble under a load of invitations, and instances that are killed while they
//! send. Does a request notice, and does every invitation arrive?

mod load;
mod verdict;

use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use self::load::{Book, Load, Samples};
use self::verdict::{Kill, Verdict};
use super::instance::{Instance, get, until_all_is_sent};
use super::latency;
use super::smtp::{Behaviour, Smtp};
use crate::cleanup::Cleanup;
use crate::server::{self, Profile};
use crate::servers::{Durability, start_postgres, temporary_directory};

/// Not measured: caches, connections and the first plans of statements.
const WARM_UP: Duration = Duration::from_secs(2);
/// After a kill and its restart. Not a multiple of anything that an instance does.
const BETWEEN: Duration = Duration::from_millis(737);
/// Mails that wait for each kill.
const PER_KILL: usize = 25;
/// The p99 of a phase is the median of those of its parts, which one odd second does not move.
const PARTS: u32 = 5;
/// Fewer requests say nothing of a p99.
const ENOUGH: usize = 800;
/// The p99 may be so many times that of the baseline, or so much more: on a millisecond, a factor is chance.
const FACTOR: u32 = 2;
const MORE: Duration = Duration::from_millis(20);

/// What the mail server does in each phase but the first, in which it works.
const TROUBLES: [(&str, Behaviour); 4] = [
    ("refuses", Behaviour::Rules(&["rcpt 451 4.3.0 try again later"])),
    ("is closed", Behaviour::Closed),
    // Half of the mails while they are announced, the others after they came.
    ("hangs", Behaviour::Rules(&["rcpt@*[02468]@* hang", "data hang"])),
    ("dies before 250", Behaviour::Rules(&["data drop"])),
];

#[derive(Args)]
pub(crate) struct Options {
    /// How long the mail server works, and is in each trouble
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    seconds: u64,
    /// How often an instance is killed and started again while it sends
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    kills: usize,
    /// People who are asked each second
    #[arg(long, default_value_t = 10, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Only this database
    #[arg(long)]
    database: Option<Database>,
    /// Take the server that tests are built with: no latencies to go by
    #[arg(long)]
    dev: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(if options.dev { Profile::Dev } else { Profile::Release }, &cleanup)?;
    let mut passed = true;
    for database in [Database::Sqlite, Database::Postgres] {
        if options.database.is_none_or(|only| only == database) {
            passed &= drill(options, database, &program, &cleanup)?;
        }
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn drill(options: &Options, database: Database, program: &Path, cleanup: &Cleanup) -> Result<bool> {
    let smtp = Smtp::start(cleanup)?;
    let (name, database_url, number) = match database {
        Database::Sqlite => {
            let file = temporary_directory(cleanup)?.join("season.db");
            ("SQLite", format!("sqlite:///{}", file.display()), 1)
        }
        Database::Postgres => ("PostgreSQL", start_postgres(Durability::Server, cleanup)?.url, 2),
    };
    println!("==> {name}, instances: {number}, {} people asked each second", options.rate);
    let mut instances = (0..number)
        .map(|number| Instance::start_mailing(number, program, &database_url, &smtp, cleanup))
        .collect::<Result<Vec<_>>>()?;
    let urls: Vec<_> = instances.iter().map(|instance| instance.server.url.clone()).collect();
    let mut load = Load::begin(urls.clone(), options.rate)?;
    sleep(WARM_UP);
    let mut table = Table::begin(load.take());
    let phase = |what, behaviour, table: &mut Table, load: &Load| {
        smtp.behave(behaviour)?;
        load.take();
        let before = smtp.count();
        let parts = (0..PARTS).map(|_| {
            sleep(Duration::from_secs(options.seconds) / PARTS);
            load.take()
        });
        table.add(what, parts.collect(), smtp.count() - before)
    };
    phase("works", Behaviour::Fine, &mut table, &load)?;
    let kills = kill(options.kills, &mut instances, &smtp, &mut load)?;
    table.during_kills(load.take())?;
    until_caught_up(&smtp, options.rate)?;
    for (what, behaviour) in TROUBLES {
        phase(what, behaviour, &mut table, &load)?;
    }
    let back = Instant::now();
    phase("works again", Behaviour::Fine, &mut table, &load)?;
    let book = load.end()?;
    until_all_is_sent(&urls[0])?;
    println!("all was sent {} s after the mail server was back", back.elapsed().as_secs());
    let failed = get(&urls[0], &latency::planner(&urls[0])?, "/mails?state=failed&limit=1")?;
    ensure!(failed.as_array().is_some_and(Vec::is_empty), "a mail was given up: {failed}");
    for instance in instances {
        instance.server.stop();
    }
    let verdict = Verdict::of(&book, &smtp.arrivals()?, &kills);
    Ok(table.verdict() & tell(&verdict, &book, kills.len()))
}

/// Kills the instances in turn while they send.
fn kill(number: usize, instances: &mut [Instance], smtp: &Smtp, load: &mut Load) -> Result<Vec<Kill>> {
    let mut kills = Vec::new();
    if number == 0 {
        return Ok(kills);
    }
    // So that at any time some mails have arrived and are not answered.
    smtp.behave(Behaviour::Rules(&["data wait 0.5"]))?;
    load.ask_many(number * PER_KILL)?;
    for round in 0..number {
        sleep(BETWEEN);
        let instance = round % instances.len();
        let instance = &mut instances[instance];
        kills.push(Kill { url: instance.server.url.clone(), at: now() });
        instance.start_again()?;
    }
    let url = &instances[0].server.url;
    let due = get(url, &latency::planner(url)?, "/mails?state=queued&limit=1")?;
    ensure!(due != serde_json::json!([]), "no mail was due at the last kill");
    Ok(kills)
}

/// What waited is sent; the rest is what killed instances held, or is new.
fn until_caught_up(smtp: &Smtp, rate: u32) -> Result<()> {
    smtp.behave(Behaviour::Fine)?;
    loop {
        let before = smtp.count();
        sleep(Duration::from_secs(1));
        if smtp.count() - before <= 2 * usize::try_from(rate)? {
            return Ok(());
        }
    }
}

/// The mail server notes the same clock.
#[allow(clippy::disallowed_methods, reason = "there is nothing to test here that time decides")]
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The phases: what requests took, and whether any failed.
struct Table {
    baseline: Option<[Duration; 2]>,
    /// The worst p99 after it, of reads and of writes.
    worst: [Duration; 2],
    failed: usize,
    few: bool,
}

impl Table {
    fn begin(warm_up: Samples) -> Self {
        println!(
            "{:<16}  {:>6}  {:>8}  {:>8}  {:>6}  {:>8}  {:>8}  {:>6}  {:>6}",
            "the mail server", "reads", "p50 ms", "p99 ms", "writes", "p50 ms", "p99 ms", "failed", "mails"
        );
        Self { baseline: None, worst: [Duration::ZERO; 2], failed: warm_up.failures.len(), few: false }
    }

    fn add(&mut self, what: &str, parts: Vec<Samples>, mails: usize) -> Result<()> {
        let (mut kinds, mut failures) = ([Vec::new(), Vec::new()], Vec::new());
        for Samples { reads, writes, failures: failed } in parts {
            kinds[0].push(reads);
            kinds[1].push(writes);
            failures.extend(failed);
        }
        let mut cells = format!("{what:<16}");
        let mut p99 = [Duration::ZERO; 2];
        for (p99, parts) in p99.iter_mut().zip(kinds) {
            let number: usize = parts.iter().map(Vec::len).sum();
            let p50 = median_of(&parts, 50).context("nothing was asked")?;
            *p99 = median_of(&parts, 99).context("nothing was asked")?;
            cells += &format!("  {number:>6}  {:>8.1}  {:>8.1}", milliseconds(p50), milliseconds(*p99));
            self.few |= number < ENOUGH;
        }
        println!("{cells}  {:>6}  {mails:>6}", failures.len());
        for failure in failures.iter().take(3) {
            println!("  {failure}");
        }
        self.failed += failures.len();
        if self.baseline.replace(self.baseline.unwrap_or(p99)).is_some() {
            self.worst = [0, 1].map(|kind| self.worst[kind].max(p99[kind]));
        }
        Ok(())
    }

    /// Who asks an instance that is killed has no answer; anything else is a failure.
    fn during_kills(&mut self, samples: Samples) -> Result<()> {
        let (cut, other): (Vec<_>, Vec<_>) =
            samples.failures.into_iter().partition(|failure| failure.starts_with("no answer"));
        if !cut.is_empty() {
            println!("{:<16}  {} requests to a killed instance had no answer", "(kills)", cut.len());
        }
        ensure!(other.is_empty(), "{} requests failed during the kills: {}", other.len(), other[0]);
        Ok(())
    }

    fn verdict(&self) -> bool {
        let baseline = self.baseline.unwrap_or_default();
        let slow =
            self.worst.iter().zip(baseline).any(|(p99, before)| *p99 > (before * FACTOR).max(before + MORE));
        if self.few {
            println!("fewer than {ENOUGH} requests of a kind in a phase: their p99 decides nothing");
        }
        let [reads, writes] = [0, 1]
            .map(|kind| [baseline[kind], self.worst[kind]].map(|p99| format!("{:.1}", milliseconds(p99))));
        row(
            "requests while mail fails",
            "none fails; p99 at most 2 times the first, or 20 ms more",
            &format!(
                "{} failed; reads {} ms, writes {} ms",
                self.failed,
                reads.join(" → "),
                writes.join(" → ")
            ),
        );
        self.failed == 0 && (self.few || !slow)
    }
}

/// The median of the parts' percentiles.
fn median_of(parts: &[Vec<Duration>], percent: usize) -> Option<Duration> {
    let of = |part: &Vec<Duration>| {
        let mut sorted = part.clone();
        sorted.sort_unstable();
        sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied()
    };
    let mut all: Vec<_> = parts.iter().filter_map(of).collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn row(tried: &str, must: &str, seen: &str) {
    println!("{tried:<44}  {must:<56}  {seen}");
}

/// Prints what was tried, what must hold and what was seen; whether it held.
fn tell(verdict: &Verdict, book: &Book, kills: usize) -> bool {
    let Verdict {
        arrivals,
        arrived,
        lost,
        phantoms,
        unanswered,
        killed,
        without_cause,
        renamed,
        overlapping,
    } = verdict;
    row(
        &format!("{} acknowledged invitations, {kills} kills", book.asked.len()),
        "each arrived and was taken",
        &format!("{arrived} arrived, {} lost, in {arrivals} messages", lost.len()),
    );
    row(
        &format!("{} requests rolled back", book.refused.len()),
        "nothing arrives that nobody asked for",
        &format!("{} mails", phantoms.len()),
    );
    row(
        "answers lost, instances killed",
        "an invitation comes again only for that, under its Message-ID",
        &format!(
            "again: {unanswered} unanswered, {killed} killed, {} without cause, {} under another ID",
            without_cause.len(),
            renamed.len()
        ),
    );
    row(
        "mails that fail, instances that end and begin",
        "no mail is transmitted twice at the same time",
        &format!("{} mails", overlapping.len()),
    );
    let wrong = [lost, phantoms, without_cause, renamed, overlapping];
    for example in wrong.iter().filter_map(|these| these.first()) {
        println!("  for example {example}");
    }
    wrong.iter().all(|these| these.is_empty())
}
