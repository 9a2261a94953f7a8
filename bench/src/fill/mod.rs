//! Data to read, written by SQL into the schema that the product made: the same text for both databases, with `uid(kind,
//! number)` for ids and braces for what differs from run to run.

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use rusqlite::functions::FunctionFlags;
use serde::Serialize;
use uuid::Uuid;

use crate::{clock, postgres, serve};

/// The first mission starts on 1 January 2030.
const START: i64 = 1_893_456_000_000_000;
/// Number and kind become an id: the number stands where a UUIDv7 has its milliseconds, so that ids sort as they are made.
const UID_POSTGRES: &str = "
CREATE FUNCTION pg_temp.uid(kind bigint, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1760000000000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000000000000000')::uuid
$$;";
/// Neither checks nor triggers: what is written is right by construction, and a row at a time would take hours.
const UNCHECKED: &str = "SET session_replication_role = replica;";
/// How many orgs and missions are named at most.
const NAMED: i64 = 1000;

#[derive(Args)]
pub(crate) struct Create {
    /// A database of the server that will have the new one
    #[arg(long)]
    database: String,
    #[arg(long)]
    name: String,
}

/// What to write.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// Orgs with missions, a role each and people on every second
    Lists,
    /// A person with that many accepted missions
    Person,
    /// That many people who are asked for a mission
    Calls,
}

#[derive(Args)]
pub(crate) struct Options {
    /// postgres://… or the path of a SQLite file
    #[arg(long)]
    database: String,
    kind: Kind,
    #[arg(long)]
    missions: i64,
    #[arg(long, default_value_t = 1)]
    orgs: i64,
    /// Counts people, missions and orgs from here, so that several fit into a database
    #[arg(long, default_value_t = 0)]
    first: i64,
    /// The account that becomes an owner of every org
    #[arg(long)]
    email: String,
}

/// What was written, for those who read it.
#[derive(Serialize)]
struct Filled {
    orgs: Vec<Uuid>,
    projects: Vec<Uuid>,
    /// Missions of these orgs, with the org's place in `orgs`.
    missions: Vec<(usize, Uuid)>,
    users: Vec<Uuid>,
    assignments: Vec<Uuid>,
    /// To look for missions from: as RFC 3339 without an offset, and in seconds. The first is before all of them; from each
    /// of the others there are a hundred more in every org of a thousand.
    instants: Vec<(String, i64)>,
}

const DAY: i64 = 24 * 3600;

fn instants() -> Result<Vec<(String, i64)>> {
    let seconds = [-DAY].into_iter().chain((1..20).map(|fortnight| fortnight * 14 * DAY));
    let shown = |seconds: i64| {
        let at = jiff::Timestamp::from_second(START / 1_000_000 + seconds)?;
        Ok((at.to_string().trim_end_matches('Z').to_owned(), at.as_second()))
    };
    seconds.map(shown).collect()
}

pub(crate) async fn create(options: &Create) -> Result<()> {
    let plain = options.name.bytes().all(|byte| byte.is_ascii_lowercase());
    ensure!(plain, "the name of a database is written in small letters");
    let client = postgres::connect(&options.database).await?;
    client.batch_execute(&format!("CREATE DATABASE {}", options.name)).await.context("it cannot be created")
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    let text = match options.kind {
        Kind::Lists => include_str!("lists.sql"),
        Kind::Person => include_str!("person.sql"),
        Kind::Calls => include_str!("calls.sql"),
    };
    let number = |n: i64| n.to_string();
    let sql = [
        ("{orgs}", number(options.orgs)),
        ("{missions}", number(options.missions)),
        ("{first}", number(options.first)),
        ("{start}", number(START)),
        ("{now}", number(clock::now())),
        ("{email}", options.email.replace('\'', "''")),
    ]
    .iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    if options.database.starts_with("postgres") {
        fill_postgres(&options.database, &sql).await?;
    } else {
        fill_sqlite(&options.database, &sql)?;
    }
    println!("{}", serde_json::to_string(&filled(options)?)?);
    Ok(())
}

async fn fill_postgres(url: &str, sql: &str) -> Result<()> {
    let client = postgres::connect(url).await?;
    let sql = sql.replace("uid(", "pg_temp.uid(");
    let sql = format!("{UNCHECKED}{UID_POSTGRES}BEGIN;{sql}COMMIT");
    client.batch_execute(&sql).await.context("PostgreSQL cannot be filled")?;
    // As it would have been done by itself after a while.
    client.batch_execute("VACUUM ANALYZE").await.context("VACUUM failed")
}

fn fill_sqlite(path: &str, sql: &str) -> Result<()> {
    let connection = serve::open_sqlite(path)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("uid", 2, flags, |call| Ok(uid(call.get(0)?, call.get(1)?)))?;
    connection.execute_batch(&format!("BEGIN IMMEDIATE;{sql}COMMIT")).context("SQLite cannot be filled")
}

/// As the function of the same name in SQL.
fn uid(kind: i64, number: i64) -> Uuid {
    let (kind, number) = (kind.unsigned_abs(), number.unsigned_abs());
    let upper = (1_760_000_000_000 + number) << 16 | 0x7000 | kind;
    Uuid::from_u64_pair(upper, 0x8000_0000_0000_0000)
}

fn filled(options: &Options) -> Result<Filled> {
    let instants = instants()?;
    let Options { first, missions, orgs, .. } = *options;
    let ids = |kind: i64, number: i64| (first..first + number).map(|n| uid(kind, n)).collect();
    if options.kind != Kind::Lists {
        let calls = if options.kind == Kind::Calls { missions } else { 0 };
        let (users, missions) = (calls.max(1), Vec::new());
        return Ok(Filled {
            orgs: ids(1, 1),
            projects: ids(3, 1),
            missions,
            users: ids(2, users),
            assignments: ids(6, calls),
            instants,
        });
    }
    // A few of each, from everywhere.
    let named = orgs.min(NAMED / 10);
    let places: Vec<i64> = (0..named).map(|i| i * orgs / named).collect();
    let mission = |n: i64| {
        let (place, org) = (n % named, places[usize::try_from(n % named).unwrap_or_default()]);
        let turn = n / named * (missions / orgs / (NAMED / named)).max(1) % (missions / orgs);
        let number = (turn / 50 * orgs + org) * 50 + turn % 50;
        (usize::try_from(place).unwrap_or_default(), uid(4, number))
    };
    Ok(Filled {
        orgs: places.iter().map(|org| uid(1, *org)).collect(),
        projects: places.iter().map(|org| uid(3, *org)).collect(),
        missions: (0..NAMED.min(missions)).map(mission).collect(),
        users: Vec::new(),
        assignments: Vec::new(),
        instants,
    })
}
