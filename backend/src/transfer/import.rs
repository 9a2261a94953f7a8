//! Reading an export into a database: all of it, or nothing. On PostgreSQL it is one transaction, on SQLite a new file that
//! takes the place of the old one when it is whole.

use super::{
    Moved, Progress, TransferError,
    format::Layout,
    insert::{self, Fate},
    join,
    reading::{self, Reading},
    schema::{self, Table},
    swap::Place,
};
use crate::{
    clock::Clock,
    db::{
        Database, DatabaseUrl, List, Pool, migrations,
        migrations::{Exclusive, Migrator},
        renew_versions,
    },
    random::Random,
};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use sea_orm_migration::MigratorTrait;
use std::path::Path;

/// An export, and the database that it goes into.
pub struct Import<'a> {
    pub url: &'a DatabaseUrl,
    pub pool: Pool,
    pub clock: Clock,
    pub random: Random,
    pub file: &'a Path,
    /// Even if the database has rows.
    pub replace: bool,
    /// Called before it waits for another process that migrates.
    pub waits: fn(),
}

/// Imports an export. It is read twice: once to check it, before anything is changed.
///
/// # Errors
/// When the export is not whole, or newer than this program; when the database has rows already, is another program's or
/// newer, or refuses a row. Nothing was changed then.
pub async fn import(import: Import<'_>, progress: Progress<'_>) -> Result<Moved, TransferError> {
    let reading = Reading::open(import.file)?;
    if import.replace && reading.header.org().is_some() {
        return Err(TransferError::Refused(
            "the export has one organisation only: --replace would lose all others; import it without".into(),
        ));
    }
    steps_in_order(&reading.header.steps)?;
    match import.url {
        DatabaseUrl::Postgres(_) => into_postgres(&import, reading, progress).await,
        DatabaseUrl::Sqlite(path) => into_sqlite(&import, path, reading, progress).await,
    }
}

async fn into_postgres(
    import: &Import<'_>,
    reading: Reading,
    progress: Progress<'_>,
) -> Result<Moved, TransferError> {
    let db = import.connect(import.url, 2).await?;
    let schema = Exclusive::of(&db, import.waits).await?;
    let target = Target::of(&db).await?;
    if target.is_filled && reading.header.org().is_some() {
        return join::join(import, &schema, reading, progress).await;
    }
    refuse_filled(target.is_filled, import)?;
    let total = reading::check(import.file, progress)?.total();
    let tx = schema.begin().await?;
    if !import.replace {
        // Whoever wrote meanwhile is seen now, and nobody else writes until the commit.
        hold_still(&tx).await?;
        refuse_filled(has_rows(&tx).await?, import)?;
    }
    let steps = &reading.header.steps;
    if target.is_filled || target.applied != *steps {
        empty(&tx).await?;
        Migrator::up(&tx, number(steps)).await?;
    }
    let tables = matching(&tx, &reading.header.tables).await?;
    let moved = insert::insert(&tx, reading, &tables, total, &mut |_, _| Fate::Insert, progress).await?;
    // What is checked at the commit otherwise would hold up the steps.
    tx.execute_unprepared("SET CONSTRAINTS ALL IMMEDIATE").await?;
    finish(&tx, import).await?;
    // Without statistics the first queries after the commit would be planned badly.
    tx.execute_unprepared("ANALYZE").await?;
    tx.commit().await?;
    schema.release().await?;
    db.close().await?;
    Ok(moved)
}

async fn into_sqlite(
    import: &Import<'_>,
    path: &Path,
    reading: Reading,
    progress: Progress<'_>,
) -> Result<Moved, TransferError> {
    if std::fs::exists(path).map_err(TransferError::file("read", path))? {
        let db = import.connect(import.url, 2).await?;
        let target = Target::of(&db).await?;
        if target.is_filled && reading.header.org().is_some() {
            let schema = Exclusive::of(&db, import.waits).await?;
            let moved = join::join(import, &schema, reading, progress).await?;
            db.close().await?;
            return Ok(moved);
        }
        db.close().await?;
        refuse_filled(target.is_filled, import)?;
    }
    let mut place = Place::claim(path, import.waits).await?;
    // Nobody else writes from here on.
    refuse_filled(place.has_rows().await?, import)?;
    let total = reading::check(import.file, progress)?.total();
    let new = place.new_file()?;
    let db = import.connect(&DatabaseUrl::Sqlite(new.clone()), 1).await?;
    // The file is written to the disk as a whole before it counts.
    db.execute_unprepared("PRAGMA synchronous = OFF").await?;
    Migrator::up(db.connection(), number(&reading.header.steps)).await?;
    let tables = matching(&db, &reading.header.tables).await?;
    let moved = insert::insert(&db, reading, &tables, total, &mut |_, _| Fate::Insert, progress).await?;
    Migrator::up(db.connection(), None).await?;
    renew_versions(&db, &import.random, None, &List::ALL).await?;
    db.close().await?;
    place.replace(&new).await?;
    Ok(moved)
}

impl Import<'_> {
    async fn connect(&self, url: &DatabaseUrl, max_connections: u32) -> Result<Database, TransferError> {
        let limits = Pool { max_connections, statement_timeout: None, ..self.pool };
        Ok(Database::connect(url, limits, self.clock.clone(), self.random.clone()).await?)
    }
}

/// What is in the database before.
struct Target {
    applied: Vec<String>,
    is_filled: bool,
}

impl Target {
    async fn of(db: &Database) -> Result<Self, TransferError> {
        Ok(Self { applied: migrations::known(db).await?, is_filled: has_rows(db).await? })
    }
}

async fn has_rows(db: &impl ConnectionTrait) -> Result<bool, TransferError> {
    for table in schema::tables(db).await? {
        let any = format!("SELECT 1 FROM \"{}\" LIMIT 1", table.name);
        let any = Statement::from_string(db.get_database_backend(), any);
        if db.query_one_raw(any).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn refuse_filled(is_filled: bool, import: &Import<'_>) -> Result<(), TransferError> {
    if is_filled && !import.replace {
        return Err(TransferError::Refused(format!(
            "the database {} has rows already: name an empty one in DATABASE_URL, or add --replace to lose what it has for good",
            import.url
        )));
    }
    Ok(())
}

/// Keeps everybody else from writing until the transaction ends.
async fn hold_still(tx: &DatabaseTransaction) -> Result<(), TransferError> {
    let names: Vec<_> = schema::tables(tx).await?.iter().map(|table| format!("\"{}\"", table.name)).collect();
    if !names.is_empty() {
        let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "));
        tx.execute_unprepared(&lock).await?;
    }
    Ok(())
}

/// The steps of an export are the first ones of this program, because they are applied before its rows come.
fn steps_in_order(steps: &[String]) -> Result<(), TransferError> {
    let known = Migrator::migrations();
    if known.iter().zip(steps).all(|(known, step)| known.name() == step) && steps.len() <= known.len() {
        return Ok(());
    }
    Err(TransferError::Refused(
        "the export lacks a step of the schema before one that it has: run `coulisses migrate up` where it was made, and export again"
            .into(),
    ))
}

fn number(steps: &[String]) -> Option<u32> {
    u32::try_from(steps.len()).ok()
}

/// Takes the schema back to nothing, with all rows. Emptied tables are taken back quickly; the guards against that go with
/// them, and come back with the steps.
async fn empty(tx: &DatabaseTransaction) -> Result<(), TransferError> {
    let mut names: Vec<_> =
        schema::tables(tx).await?.iter().map(|table| format!("\"{}\"", table.name)).collect();
    if !names.is_empty() {
        for name in &names {
            tx.execute_unprepared(&format!("ALTER TABLE {name} DISABLE TRIGGER USER")).await?;
        }
        let manager = sea_orm_migration::SchemaManager::new(tx);
        if manager.has_table("list_versions").await? {
            names.push("list_versions".into());
        }
        tx.execute_unprepared(&format!("TRUNCATE {}", names.join(", "))).await?;
    }
    Ok(Migrator::down(tx, None).await?)
}

async fn finish(tx: &DatabaseTransaction, import: &Import<'_>) -> Result<(), TransferError> {
    Migrator::up(tx, None).await?;
    Ok(renew_versions(tx, &import.random, None, &List::ALL).await?)
}

/// The tables that the header names, as the database has them. An org's export may lack some.
pub(super) async fn matching(
    db: &impl ConnectionTrait,
    layouts: &[Layout],
) -> Result<Vec<Table>, TransferError> {
    let mut tables = schema::tables(db).await?;
    let matching = layouts.iter().map(|layout| {
        let place = tables.iter().position(|table| Layout::from(table) == *layout);
        place.map(|place| tables.remove(place)).ok_or_else(|| {
            TransferError::Refused(format!(
                "line 1 of the export says of the table {} what is not true after its steps: it was changed; copy it again",
                layout.name
            ))
        })
    });
    matching.collect()
}
