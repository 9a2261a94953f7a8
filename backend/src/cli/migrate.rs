//! `coulisses migrate`.

use super::{CliError, random, say};
use crate::{
    app::{App, StartError},
    clock::Clock,
    config::{Config, Environment},
    db::{
        Actor, Database, DatabaseUrl, Origin, Pool,
        migrations::{self, Migrator},
    },
};
use clap::Subcommand;
use sea_orm_migration::{MigrationStatus, MigratorTrait};

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
    /// List the steps and whether they are applied.
    Status,
}

impl Migrate {
    pub(super) async fn run(self, config: Config) -> Result<(), CliError> {
        let dev = config.environment == Environment::Dev;
        let db = patient(&config).await?;
        match self {
            Self::Up { to } => up(&db, to).await,
            Self::Down { all, yes } => down(&db, all, yes || dev).await,
            Self::Status => status(&db).await,
        }
    }
}

/// The database, for work that takes as long as it takes.
async fn patient(config: &Config) -> Result<Database, CliError> {
    let limits = Pool { max_connections: 2, statement_timeout: None, ..config.pool };
    let connected = Database::connect(&config.database_url, limits, Clock::system(), random()?).await;
    Ok(connected.map_err(StartError::from)?)
}

async fn up(db: &Database, to: Option<String>) -> Result<(), CliError> {
    let pending: Vec<_> = Migrator::get_pending_migrations(db.connection())
        .await?
        .iter()
        .map(|step| step.name().to_owned())
        .collect();
    let steps = match to {
        None => None,
        Some(to) => {
            let position = pending.iter().position(|name| *name == to).ok_or_else(|| {
                CliError::Refused(format!(
                    "{to} is not a step that is missing; `coulisses migrate status` lists them"
                ))
            })?;
            Some(u32::try_from(position + 1).unwrap_or(u32::MAX))
        }
    };
    migrations::up(db, steps).await?;
    let applied = steps.map_or(pending.len(), |steps| steps as usize);
    say(&format!("{applied} step{} applied", if applied == 1 { "" } else { "s" }));
    Ok(())
}

/// Brings the schema up to date where that is expected, else makes sure that it is.
pub(super) async fn prepare(app: &App, wanted: bool) -> Result<(), CliError> {
    let embedded = matches!(app.config.database_url, DatabaseUrl::Sqlite(_));
    if embedded || wanted {
        let db = patient(&app.config).await?;
        migrations::up(&db, None).await?;
        if embedded {
            writable(&db).await?;
        }
        return Ok(db.close().await?);
    }
    if Migrator::get_pending_migrations_read_only(app.db.connection()).await?.is_empty() {
        Ok(())
    } else {
        Err(CliError::Refused(
            "the database's schema is older than this program; run `coulisses migrate up`".into(),
        ))
    }
}

/// A file that cannot be written opens all the same, and every sign-in would fail.
async fn writable(db: &Database) -> Result<(), CliError> {
    let begun = db.write(Origin { actor: Actor::System, request_id: None }).await;
    begun.map(drop).map_err(|error| {
        let cause = error.cause().map_or_else(|| error.to_string(), ToString::to_string);
        CliError::Refused(format!(
            "the database cannot be written; let the program's user write the file and its folder: {cause}"
        ))
    })
}

async fn down(db: &Database, all: bool, confirmed: bool) -> Result<(), CliError> {
    let applied = Migrator::get_applied_migrations(db.connection()).await?;
    let steps = if all { applied.len() } else { applied.len().min(1) };
    let losing: Vec<_> = applied.iter().rev().take(steps).map(|step| step.name().to_owned()).collect();
    for line in migrations::losses(db, &losing).await? {
        say(&line);
    }
    if !confirmed {
        return Err(CliError::Refused(
            "nothing was changed; to lose the rows listed above for good, add --yes".into(),
        ));
    }
    Migrator::down(db.connection(), Some(u32::try_from(steps).unwrap_or(u32::MAX))).await?;
    say(&format!("{steps} step{} taken back", if steps == 1 { "" } else { "s" }));
    Ok(())
}

async fn status(db: &Database) -> Result<(), CliError> {
    for step in Migrator::get_migration_with_status_read_only(db.connection()).await? {
        let state = if step.status() == MigrationStatus::Applied { "applied" } else { "missing" };
        say(&format!("{state}  {}", step.name()));
    }
    Ok(())
}
