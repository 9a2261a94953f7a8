//! `coulisses migrate`.

use super::{CliError, Listed, must_exist, random, say};
use crate::{
    app::StartError,
    clock::Clock,
    config::{Config, Environment},
    db::{
        Database, DatabaseUrl, Origin, Pool, distribution,
        migrations::{self, Exclusive, Migrator, TableRows},
    },
    error::Error,
    state::App,
};
use clap::Subcommand;
use sea_orm::{ConnectionTrait, DbBackend};
use sea_orm_migration::MigratorTrait;
use serde::Serialize;

pub(super) const WAITING: &str = "another coulisses is migrating; waiting";

#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Apply what is missing.
    Up {
        /// Stop after this step.
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
    },
    /// Take the last step back, with the data that only it can hold.
    Down {
        /// Take every step back, to an empty schema.
        #[arg(long)]
        all: bool,
        /// Do it; without this nothing is changed outside ENV=dev.
        #[arg(long)]
        yes: bool,
    },
    /// Distribute the tables by organisation over the workers of a PostgreSQL with the extension citus.
    Distribute,
    /// List the steps, whether they are applied, and how many rows a missing one goes through.
    Status {
        #[command(flatten)]
        listed: Listed,
    },
}

impl Migrate {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        if !matches!(self, Self::Up { .. }) {
            must_exist(&config)?;
        }
        let dev = config.environment == Environment::Dev;
        let db = patient(&config).await?;
        if let Self::Status { listed } = self {
            status(&db, &listed).await?;
            return Ok(db.close().await?);
        }
        let schema = Exclusive::of(&db, || say(WAITING)).await?;
        migrations::known(&db).await?;
        match self {
            Self::Up { to } => up(&schema, to).await?,
            Self::Down { all, yes } => down(&schema, all, yes || dev).await?,
            Self::Distribute => {
                if !is_current(&db).await? {
                    return Err(older());
                }
                let lock_timeout = config.pool.statement_timeout.map(|timeout| timeout / 2);
                let done = distribution::distribute(&schema, lock_timeout, say).await;
                done.map_err(|error| CliError::Refused(error.to_string()))?;
            }
            Self::Status { .. } => {}
        }
        schema.release().await?;
        // Checkpoints a SQLite file, so that the file alone may be copied.
        Ok(db.close().await?)
    }
}

/// A connection pool without a statement timeout.
pub(super) async fn patient(config: &Config) -> Result<Database, CliError> {
    let limits = Pool { max_connections: 2, statement_timeout: None, ..config.pool };
    let connected = Database::connect(&config.database_url, limits, Clock::system(), random()?).await;
    Ok(connected.map_err(StartError::from)?)
}

async fn up(schema: &Exclusive<'_>, to: Option<String>) -> Result<(), CliError> {
    let missing = schema.missing().await?;
    let steps = match to {
        None => missing.len(),
        Some(to) => {
            let position = missing.iter().position(|name| *name == to).ok_or_else(|| {
                CliError::Refused(format!(
                    "{to} is not a step that is missing; `coulisses migrate status` lists them"
                ))
            })?;
            position + 1
        }
    };
    for step in &missing[..steps] {
        schema.up(1).await?;
        say(&format!("applied  {step}"));
    }
    say(&format!("{steps} step{} applied", if steps == 1 { "" } else { "s" }));
    Ok(())
}

/// Migrates the schema if the database is SQLite or `wanted` is set; otherwise an error unless it is current. Waits for
/// another process that is migrating, and announces that through `say`.
pub(super) async fn prepare(app: &App, wanted: bool, say: fn(&str)) -> Result<(), CliError> {
    let embedded = matches!(app.config.database_url, DatabaseUrl::Sqlite(_));
    if embedded || wanted {
        let db = patient(&app.config).await?;
        let schema = Exclusive::of(&db, || say(WAITING)).await?;
        migrations::known(&db).await?;
        if embedded {
            writable(&db).await?;
        }
        schema.up(usize::MAX).await?;
        schema.release().await?;
        return Ok(db.close().await?);
    }
    migrations::known(&app.db).await?;
    if is_current(&app.db).await? {
        return Ok(());
    }
    // Another process may be migrating it.
    Exclusive::of(&app.db, || say(WAITING)).await?.release().await?;
    if is_current(&app.db).await? { Ok(()) } else { Err(older()) }
}

/// An error unless the schema is current; for commands that do not migrate.
pub(super) async fn must_be_current(app: &App) -> Result<(), CliError> {
    migrations::known(&app.db).await?;
    if is_current(&app.db).await? { Ok(()) } else { Err(older()) }
}

fn older() -> CliError {
    CliError::Refused("the database's schema is older than this program; run `coulisses migrate up`".into())
}

async fn is_current(db: &Database) -> Result<bool, CliError> {
    Ok(Migrator::get_pending_migrations_read_only(db.connection()).await?.is_empty())
}

/// An error if a SQLite file is read-only: it could be opened, but every write would fail.
async fn writable(db: &Database) -> Result<(), CliError> {
    // BEGIN IMMEDIATE succeeds on a read-only file, CREATE TABLE does not. Dropping the transaction rolls it back.
    let written = async {
        let tx = db.write(Origin::system()).await?;
        if tx.get_database_backend() == DbBackend::Sqlite {
            tx.execute_unprepared("CREATE TABLE can_be_written (id INTEGER)").await?;
        }
        Ok(())
    };
    written.await.map_err(|error: Error| {
        let cause = error.cause().map_or_else(|| error.to_string(), ToString::to_string);
        CliError::Refused(format!(
            "the database cannot be written; let the program's user write the file and its folder: {cause}"
        ))
    })
}

async fn down(schema: &Exclusive<'_>, all: bool, confirmed: bool) -> Result<(), CliError> {
    let applied = schema.applied().await?;
    let steps = if all { applied.len() } else { applied.len().min(1) };
    let losing: Vec<_> = applied.into_iter().rev().take(steps).collect();
    let losses = migrations::losses(schema.database(), &losing).await?;
    for line in &losses {
        say(line);
    }
    if !confirmed {
        let what =
            if losses.is_empty() { "take the schema back" } else { "lose the rows listed above for good" };
        return Err(CliError::Refused(format!("nothing was changed; to {what}, add --yes")));
    }
    for step in &losing {
        schema.down(1).await?;
        say(&format!("taken back  {step}"));
    }
    say(&format!("{steps} step{} taken back", if steps == 1 { "" } else { "s" }));
    Ok(())
}

/// Takes no lock, so it also shows the progress of another process that is migrating.
async fn status(db: &Database, listed: &Listed) -> Result<(), CliError> {
    let applied = migrations::applied(db).await?;
    let mut steps = Vec::new();
    for step in Migrator::migrations() {
        let name = step.name().to_owned();
        let missing = !applied.contains(&name);
        let goes_through = if missing { migrations::gone_through(db, &name).await? } else { Vec::new() };
        steps.push(Step { name, state: if missing { "missing" } else { "applied" }, goes_through });
    }
    steps.extend(migrations::unknown(&applied).map(|name| Step {
        name: name.to_owned(),
        state: "of a newer program",
        goes_through: Vec::new(),
    }));
    listed.print(&steps, |step| {
        let counts = step.goes_through.iter().filter(|table| table.rows > 0);
        let counts: Vec<_> = counts.map(|TableRows { table, rows }| format!("{table} ({rows})")).collect();
        let through = if counts.is_empty() { "" } else { "  goes through " };
        format!("{}  {}{through}{}", step.state, step.name, counts.join(", "))
    })
}

#[derive(Serialize)]
struct Step {
    name: String,
    state: &'static str,
    /// Of a missing step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    goes_through: Vec<TableRows>,
}
