//! Jobs that leave a trace, for `cargo xtask drill jobs`: `fill` stores them, `work` carries them out until it is stopped,
//! `check` says what became of them. The database is DATABASE_URL.

use coulisses::{
    app::{self, Later},
    clock::Clock,
    config::Config,
    db::{Database, Origin, Tx, migrations},
    error::Error,
    jobs::{self, Failed, Handler, Handlers, Job, NewJob, Timing},
    random::Random,
    state::App,
    telemetry,
};
use sea_orm::{ConnectionTrait, Statement};
use serde::{Deserialize, Serialize};
use std::{error::Error as StdError, io::Write, time::Duration};

const TIMING: Timing = Timing {
    limit: Duration::from_millis(1500),
    lease: Duration::from_secs(4),
    look_every: Duration::from_millis(500),
};
const TRACES: &str = "CREATE TABLE attempts (id bigint PRIMARY KEY, number bigint NOT NULL, began bigint NOT NULL, ended bigint);
    CREATE TABLE ends (number bigint NOT NULL)";

#[derive(Debug, Serialize, Deserialize)]
struct Numbered {
    number: u64,
}

impl Job for Numbered {
    const KIND: &'static str = "drill.numbered";
}

/// Writes when it began and ended each attempt, each in a transaction of its own, and the end of the job in that of its end.
struct Tracer {
    db: Database,
    random: Random,
}

impl Tracer {
    async fn write(&self, sql: &str) -> Result<(), Error> {
        let tx = self.db.write(Origin::system()).await?;
        tx.execute_unprepared(sql).await?;
        tx.commit().await
    }
}

impl Handler for Tracer {
    type Job = Numbered;
    type Performed = ();

    async fn perform(&self, job: &Numbered) -> Result<(), Failed> {
        let id = i64::from_be_bytes(self.random.bytes());
        let now = || self.db.clock().now().as_micros();
        let (number, began) = (job.number, now());
        self.write(&format!("INSERT INTO attempts (id, number, began) VALUES ({id}, {number}, {began})"))
            .await?;
        tokio::time::sleep(Duration::from_millis(3)).await;
        self.write(&format!("UPDATE attempts SET ended = {} WHERE id = {id}", now())).await?;
        Ok(())
    }

    async fn finish(&self, tx: &Tx, job: &Numbered, (): &()) -> Result<(), Failed> {
        let end = format!("INSERT INTO ends (number) VALUES ({})", job.number);
        tx.execute_unprepared(&end).await.map_err(Error::from)?;
        Ok(())
    }
}

async fn start(config: Config) -> Result<App, Box<dyn StdError>> {
    let (clock, random) = (Clock::system(), Random::system()?);
    let db = Database::connect(&config.database_url, config.pool, clock.clone(), random.clone()).await?;
    let handlers = Handlers::default().with(Tracer { db, random: random.clone() });
    let later = Later { handlers, timing: TIMING, ..Later::default() };
    Ok(app::start_with(config, clock, random, later).await?)
}

async fn fill(app: &App, count: u64) -> Result<(), Box<dyn StdError>> {
    migrations::up(&app.db, None).await?;
    app.db.execute_unprepared(TRACES).await?;
    let tx = app.db.write(Origin::system()).await?;
    let jobs = (0..count).map(|number| NewJob::of(&Numbered { number })).collect::<Result<Vec<_>, _>>()?;
    tx.enqueue(None, jobs).await?;
    Ok(tx.commit().await?)
}

/// One line: jobs left, jobs that ended, ends in all, attempts, attempts that did not end, attempts that began while
/// another of the same job was under way.
async fn check(app: &App) -> Result<String, Box<dyn StdError>> {
    // The lease of one that was killed began before it did.
    let surely_dead = TIMING.lease.as_micros() / 2;
    let overlapping = format!(
        "SELECT count(*) AS n FROM attempts a JOIN attempts b ON a.number = b.number AND a.id <> b.id
        AND b.began >= a.began AND b.began < coalesce(a.ended, a.began + {surely_dead})"
    );
    let mut line = jobs::left(&app.db).await?.to_string();
    for sql in [
        "SELECT count(DISTINCT number) AS n FROM ends",
        "SELECT count(*) AS n FROM ends",
        "SELECT count(*) AS n FROM attempts",
        "SELECT count(*) AS n FROM attempts WHERE ended IS NULL",
        &overlapping,
    ] {
        let statement = Statement::from_string(app.db.get_database_backend(), sql);
        let row = app.db.query_one_raw(statement).await?.ok_or("a count has a row")?;
        line += &format!(" {}", row.try_get::<i64>("", "n")?);
    }
    Ok(line)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let config = Config::from_lookup(&|name| std::env::var(name).ok())?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["fill", count] => fill(&start(config).await?, count.parse()?).await,
        ["work"] => {
            let _last_lines = telemetry::init(&config)?;
            let app = start(config).await?;
            let mut stop = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            let stopped = async move { stop.recv().await.unwrap_or_default() };
            app.worker.clone().run(stopped, std::future::pending()).await;
            Ok(app.db.close().await?)
        }
        ["check"] => {
            writeln!(std::io::stdout(), "{}", check(&start(config).await?).await?)?;
            Ok(())
        }
        _ => Err("fill COUNT, work or check".into()),
    }
}
