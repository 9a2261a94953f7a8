//! `cargo xtask drill reminders`: two instances over one PostgreSQL that are killed while they queue reminders and digests,
//! and while they send them. Does each go out once?

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Value, json};

use super::instance::{Instance, get, until_all_is_sent};
use super::latency;
use super::smtp::{Arrival, Behaviour, Smtp};
use crate::cleanup::Cleanup;
use crate::server::{self, Profile};
use crate::servers::{Durability, Held, Postgres, start_postgres};

const INSTANCES: usize = 2;
/// Between the invitations and their reminders: the first mails must have gone.
const UNTIL_DUE: Duration = Duration::from_secs(45);
/// Until an instance that was started is in the middle of its work.
const LIMIT: Duration = Duration::from_secs(30);
/// Mails that one instance sends at a time (`backend/src/jobs/worker.rs`).
const AT_ONCE: usize = 4;
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// After a kill while mails are sent, and its restart.
const BETWEEN: Duration = Duration::from_millis(737);
/// Of those who are asked and those who plan here; the season has mails of its own.
const DOMAIN: &str = "@reminders.example";
const OWNER: (&str, &str) = ("marion@rideau-rouge.example", "entree-des-artistes");

#[derive(Args)]
pub(crate) struct Options {
    /// People who are reminded, and as many who get the digest
    #[arg(long, default_value_t = 100, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=150))]
    people: u32,
    /// How often both instances are killed while they queue, each in the middle of its transaction
    #[arg(long, default_value_t = 5, value_name = "NUMBER")]
    rounds: usize,
    /// How often one of them is killed while it sends
    #[arg(long, default_value_t = 4, value_name = "NUMBER")]
    kills: usize,
    /// Take the server that tests are built with
    #[arg(long)]
    dev: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(if options.dev { Profile::Dev } else { Profile::Release }, &cleanup)?;
    let smtp = Smtp::start(&cleanup)?;
    let postgres = start_postgres(Durability::Server, &cleanup)?;
    let mut instances = (0..INSTANCES)
        .map(|number| Instance::start_mailing(number, &program, &postgres.url, &smtp, &cleanup))
        .collect::<Result<Vec<_>>>()?;
    let due = prepare(&postgres, &instances[0].server.url, options.people)?;
    // Nobody chooses so many passwords here.
    postgres.sql("UPDATE org_memberships SET proven_at = created_at WHERE proven_at IS NULL")?;
    // Of the season's mails some wait for longer.
    let queued = format!("SELECT count(*) FROM mails WHERE state = 'queued' AND address LIKE '%{DOMAIN}'");
    until(|| Ok(postgres.sql(&queued)? == "0"), "the first mails have not gone: take fewer --people")?;
    ensure!(Instant::now() < due, "the reminders are due already: take fewer --people");
    instances.iter().for_each(|instance| instance.server.kill());
    // A morning, for all orgs.
    postgres.sql("UPDATE orgs SET digest_at = (extract(epoch FROM now()) * 1000000)::bigint")?;
    sleep(due.saturating_duration_since(Instant::now()));
    for round in 1..=options.rounds {
        kill_while_they_queue(&postgres, &mut instances, &cleanup)?;
        let left = mails(&postgres)?;
        ensure!(left.is_empty(), "round {round} has left a mail of a torn transaction: {:?}", left[0]);
    }
    // So that at any time some mails have arrived and are not answered.
    smtp.behave(Behaviour::Rules(&["data wait 0.5"]))?;
    let before = smtp.count();
    // Now both go on at once.
    drop(in_the_middle(&postgres, &mut instances, &cleanup)?);
    until(|| Ok(smtp.count() > before), "nothing is sent")?;
    kill_while_they_send(options.kills, &mut instances, &smtp)?;
    let begin = Instant::now();
    until_all_is_sent(&instances[0].server.url)?;
    println!("all was sent {} s after the last kill", begin.elapsed().as_secs());
    let passed = check(options, &mails(&postgres)?, &smtp.arrivals()?);
    for instance in instances {
        instance.server.stop();
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Makes as many planners, and asks as many people to a mission; when their reminders are due.
fn prepare(postgres: &Postgres, url: &str, people: u32) -> Result<Instant> {
    let owner = latency::sign_in(url, OWNER.0, OWNER.1)?;
    let send = |method: &str, path: &str, body: &Value| {
        let request = ureq::http::Request::builder().method(method).uri(format!("{url}/api/v1{path}"));
        let request = request.header("Authorization", &owner).header("Content-Type", "application/json");
        let mut answer = latency::agent()
            .run(request.body(body.to_string())?)
            .with_context(|| format!("{method} {path}"))?;
        Ok::<Value, anyhow::Error>(answer.body_mut().read_json()?)
    };
    send("PATCH", "/orgs/current", &json!({ "reminder_hours": 1 }))?;
    let mut users = Vec::new();
    for number in 0..people {
        let member = json!({ "email": format!("planner{number}{DOMAIN}"), "role": "manager" });
        send("POST", "/orgs/members", &member)?;
        let user = json!({ "name": format!("Drill {number}"), "email": format!("person{number}{DOMAIN}") });
        users.push(send("POST", "/users", &user)?["id"].clone());
    }
    let due = Instant::now() + UNTIL_DUE;
    let starts_in = UNTIL_DUE.as_secs() + 3600;
    let at = |seconds: u64| {
        let at = format!("now() AT TIME ZONE 'UTC' + interval '{seconds} s'");
        postgres.sql(&format!("SELECT to_char({at}, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"))
    };
    let mission = json!({
        "title": "Drill", "roles": [{ "role_name": "son" }],
        "start_at": at(starts_in)?, "end_at": at(starts_in + 3600)?,
    });
    let mission = send("POST", "/missions", &mission)?["id"].clone();
    let items: Vec<_> = users.iter().map(|user| json!({ "mission_id": mission, "user_id": user })).collect();
    let made = send("POST", "/assignments:bulk_create", &json!(items))?;
    let ids = made["ids"].as_array().context("no ids")?;
    let items: Vec<_> = ids.iter().map(|id| json!({ "assignment_id": id })).collect();
    send("POST", "/invitations:bulk_create", &json!(items))?;
    Ok(due)
}

/// Starts both, which begin at once with what is due and cannot put the jobs of their mails into the queue: the mails are
/// written, until what is returned is dropped.
fn in_the_middle(postgres: &Postgres, instances: &mut [Instance], cleanup: &Cleanup) -> Result<Held> {
    let held = postgres.hold("LOCK TABLE jobs IN SHARE MODE", cleanup)?;
    let granted =
        "SELECT count(*) FROM pg_locks WHERE relation = 'jobs'::regclass AND mode = 'ShareLock' AND granted";
    until(|| Ok(postgres.sql(granted)? == "1"), "the queue is not held")?;
    for instance in instances.iter_mut() {
        instance.start_again()?;
    }
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO \"jobs\"%'";
    // One has the reminders, one the digest; the others wait for these.
    until(|| Ok(postgres.sql(waiting)? == "2"), "reminders and digests are not being queued")?;
    Ok(held)
}

fn kill_while_they_queue(postgres: &Postgres, instances: &mut [Instance], cleanup: &Cleanup) -> Result<()> {
    let held = in_the_middle(postgres, instances, cleanup)?;
    instances.iter().for_each(|instance| instance.server.kill());
    drop(held);
    let open = "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    until(|| Ok(postgres.sql(open)? == "0"), "a transaction outlives its instance")
}

fn kill_while_they_send(number: usize, instances: &mut [Instance], smtp: &Smtp) -> Result<()> {
    for kill in 0..number {
        sleep(BETWEEN);
        let instance = kill % instances.len();
        instances[instance].start_again()?;
    }
    let url = &instances[0].server.url;
    let due = get(url, &latency::planner(url)?, "/mails?state=queued&limit=1")?;
    ensure!(number == 0 || due != json!([]), "no mail was due at the last kill");
    smtp.behave(Behaviour::Fine)
}

fn until(reached: impl Fn() -> Result<bool>, otherwise: &str) -> Result<()> {
    let begin = Instant::now();
    while !reached()? {
        if begin.elapsed() > LIMIT {
            bail!("after {LIMIT:?} {otherwise}");
        }
        sleep(LOOK_EVERY);
    }
    Ok(())
}

/// A reminder or a digest, as it is in the database.
#[derive(Debug)]
struct Mail {
    kind: String,
    address: String,
    id: String,
}

fn mails(postgres: &Postgres) -> Result<Vec<Mail>> {
    let sql = format!(
        "SELECT kind, address, id FROM mails WHERE kind IN ('reminder', 'digest') AND address LIKE '%{DOMAIN}'"
    );
    let rows = postgres.sql(&sql)?;
    let mail = |row: &str| {
        let mut cells = row.split('|').map(str::to_owned);
        let mut cell = || cells.next().with_context(|| format!("a mail is {row}"));
        Ok(Mail { kind: cell()?, address: cell()?, id: cell()? })
    };
    rows.lines().map(mail).collect()
}

/// Prints what must hold and what was seen; whether it held.
fn check(options: &Options, mails: &[Mail], arrivals: &[Arrival]) -> bool {
    let mut passed = true;
    for (kind, prefix) in [("reminder", "person"), ("digest", "planner")] {
        let of_kind: Vec<_> = mails.iter().filter(|mail| mail.kind == kind).collect();
        let addresses: BTreeSet<_> = of_kind.iter().map(|mail| &mail.address).collect();
        let asked = (0..options.people).map(|number| format!("{prefix}{number}{DOMAIN}"));
        let lost = asked.filter(|address| !addresses.contains(address)).count();
        let twice = of_kind.len() - addresses.len();
        let (mut arrived, mut again, mut overlapping) = (0, 0, 0);
        for mail in &of_kind {
            let mut its: Vec<_> =
                arrivals.iter().filter(|arrival| arrival.message_id.contains(&mail.id)).collect();
            its.sort_by(|one, other| one.began.total_cmp(&other.began));
            arrived += u32::from(its.iter().any(|arrival| arrival.taken && arrival.to == mail.address));
            again += its.len().saturating_sub(1);
            overlapping +=
                its.iter().zip(its.iter().skip(1)).filter(|(one, other)| other.began < one.ended).count();
        }
        println!(
            "{kind:<10}  {arrived} of {} arrived, {lost} not queued, {twice} queued twice, {again} transmitted again under their \
             Message-ID, {overlapping} at the same time",
            options.people
        );
        // Whoever is killed after DATA and before 250 may send once more; at most what it was sending.
        let at_most = options.kills * AT_ONCE;
        passed &= arrived == options.people && lost + twice + overlapping == 0 && again <= at_most;
    }
    passed
}
