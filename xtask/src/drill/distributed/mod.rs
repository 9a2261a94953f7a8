//! `cargo xtask drill distributed --database URL`: distributes an empty database of a PostgreSQL with the extension citus, and
//! looks whether two instances over it do what they do over a plain one: the five-minute walk of the README, and the races.
//! `--plain` does the same without distributing.

mod client;
mod races;
mod walk;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use self::client::Client;
use super::latency;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Profile, Server};
use crate::servers::temporary_directory;

#[derive(Args)]
pub(crate) struct Options {
    /// An empty database on the coordinator, which is filled and stays as it is afterwards
    #[arg(long, value_name = "URL")]
    database: String,
    /// Do not distribute the tables: the same on any PostgreSQL, to compare with
    #[arg(long)]
    plain: bool,
    /// How often each race is run
    #[arg(long, default_value_t = 3, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
}

/// The technician of the demonstration's season.
const TECHNICIAN: (&str, &str) = ("lea@rideau-rouge.example", "entree-des-artistes");

/// Who is signed in to an instance.
struct Through {
    planner: Client,
    technician: Client,
}

impl Through {
    fn sign_in(url: &str) -> Result<Self> {
        let technician = latency::sign_in(url, TECHNICIAN.0, TECHNICIAN.1)?;
        Ok(Self {
            planner: Client::new(url, latency::planner(url)?),
            technician: Client::new(url, technician),
        })
    }
}

/// A line of the table.
struct Row {
    tried: String,
    must_hold: &'static str,
    seen: String,
    holds: bool,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    ensure!(
        options.database.starts_with("postgres"),
        "--database wants the URL of a database on PostgreSQL: postgres://user@host/name"
    );
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Dev, &cleanup)?;
    let directory = temporary_directory(&cleanup)?;
    let coulisses = |arguments: &[&str]| command(&program, &options.database, &directory, arguments);
    print!("{}", coulisses(&["migrate", "up"])?);
    let orgs = coulisses(&["org", "list", "--json"])?;
    ensure!(orgs.trim() == "[]", "the database has organisations; name an empty one, this drill fills it");
    if !options.plain {
        // On plain PostgreSQL it ends here, with the sentence that says why.
        print!("{}", coulisses(&["migrate", "distribute"])?);
    }
    let instances = ["distributed-0", "distributed-1"].map(|name| start(&program, options, name, &cleanup));
    let [one, other] = instances;
    let instances = [one?, other?];
    let clients =
        instances.iter().map(|instance| Through::sign_in(&instance.url)).collect::<Result<Vec<_>>>()?;
    let mut rows = walk::rows(&clients[0].planner, &clients[1].planner)?;
    for round in 1..=options.rounds {
        rows.push(races::overlapping_missions(&clients, round)?);
        rows.push(races::one_quota(&clients, round)?);
    }
    rows.push(without_errors(instances)?);
    print(&rows);
    let held = rows.iter().all(|row| row.holds);
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start(program: &Path, options: &Options, name: &str, cleanup: &Cleanup) -> Result<Server> {
    let on = Databases { database_url: options.database.clone(), redis_url: "fakeredis://".into() };
    Server::start(program, Some(on), &super::log(name)?, cleanup)
}

/// What a command of the program prints; its own sentence when it fails.
fn command(program: &Path, database: &str, directory: &Path, arguments: &[&str]) -> Result<String> {
    let on = Databases { database_url: database.to_owned(), redis_url: "fakeredis://".into() };
    let mut command: Command = server::command(program, &server::environment(0, on), directory, arguments);
    let output = command.output().context("the program does not start")?;
    if !output.status.success() {
        let sentence = String::from_utf8_lossy(&output.stderr);
        let sentence = sentence.trim().trim_start_matches("coulisses: ");
        bail!("`coulisses {}`: {sentence}", arguments.join(" "));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// No request failed for a reason that is not its own.
fn without_errors(instances: [Server; 2]) -> Result<Row> {
    let mut errors = Vec::new();
    for instance in instances {
        let log = fs::read_to_string(instance.stop()).context("the log of an instance")?;
        errors.extend(log.lines().filter(|line| line.contains("\"ERROR\"")).map(str::to_owned));
    }
    Ok(Row {
        tried: "all of the above".into(),
        must_hold: "neither instance logs an error",
        seen: errors.first().map_or_else(|| "none".into(), |first| format!("{}: {first}", errors.len())),
        holds: errors.is_empty(),
    })
}

fn print(rows: &[Row]) {
    println!("\n| tried | must hold | seen | |\n|---|---|---|---|");
    for Row { tried, must_hold, seen, holds } in rows {
        println!(
            "| {tried} | {must_hold} | {seen} | {} |",
            if *holds { "holds" } else { "**does not hold**" }
        );
    }
}
