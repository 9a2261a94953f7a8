//! The schema, one step per file, up and down, written once for both databases.
//!
//! Conventions: a planning row belongs to one org and its key is `(org_id, id)`, so every foreign key carries the org and
//! the database itself refuses a reference across orgs. Constraints and triggers are named, and [`crate::db::Constraint`]
//! maps each to a refusal at the write that can violate it. Where the dialects must differ (triggers, exclusion
//! constraints), a step holds both texts. A step is one transaction in both databases (`use_transaction`), so one that
//! fails leaves the schema unchanged.

mod lock;
mod m20261123_000001_accounts;
mod m20261123_000002_planning;
mod m20261123_000003_guards;
mod m20261123_000004_audit;
mod m20261123_000005_idempotency;
mod m20261123_000006_accepted;
mod m20261123_000007_overridden;
mod m20261123_000008_list_versions;
mod m20261126_000009_json_as_text;
mod m20261126_000011_pages;
mod m20261126_000013_canonical_keys;
mod m20261126_000014_pending_memberships;
mod m20261126_000015_replacing;
mod m20261126_000016_calendar_days;
mod m20261126_000017_search;
mod m20261127_000018_jobs;
mod m20261127_000019_mail;
mod m20261127_000020_changes;
mod m20261127_000021_by_org;
mod m20261127_000022_deleted_orgs;
mod m20261127_000023_planning;
mod m20261128_000024_availability_kinds;
mod m20261128_000025_series;
mod m20261128_000026_crew;
mod m20261128_000027_activity;
mod m20261128_000028_account_locale;
mod rows;
mod sqlite_schema;

use super::Database;
use crate::error::FailureKind;
use backon::{ExponentialBuilder, Retryable};
use lock::Lock;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{prelude::*, schema};

pub use lock::{MigrationError, lock_file_of};
use rows::{AlsoLost, Rows, Step};
pub use rows::{TableRows, gone_through, losses};

pub struct Migrator;

impl Migrator {
    /// Every step, in order.
    fn steps() -> Vec<Box<dyn Step>> {
        vec![
            Box::new(m20261123_000001_accounts::Migration),
            Box::new(m20261123_000002_planning::Migration),
            Box::new(m20261123_000003_guards::Migration),
            Box::new(m20261123_000004_audit::Migration),
            Box::new(m20261123_000005_idempotency::Migration),
            Box::new(m20261123_000006_accepted::Migration),
            Box::new(m20261123_000007_overridden::Migration),
            Box::new(m20261123_000008_list_versions::Migration),
            Box::new(m20261126_000009_json_as_text::Migration),
            Box::new(m20261126_000011_pages::Migration),
            Box::new(m20261126_000013_canonical_keys::Migration),
            Box::new(m20261126_000014_pending_memberships::Migration),
            Box::new(m20261126_000015_replacing::Migration),
            Box::new(m20261126_000016_calendar_days::Migration),
            Box::new(m20261126_000017_search::Migration),
            Box::new(m20261127_000018_jobs::Migration),
            Box::new(m20261127_000019_mail::Migration),
            Box::new(m20261127_000020_changes::Migration),
            Box::new(m20261127_000021_by_org::Migration),
            Box::new(m20261127_000022_deleted_orgs::Migration),
            Box::new(m20261127_000023_planning::Migration),
            Box::new(m20261128_000024_availability_kinds::Migration),
            Box::new(m20261128_000025_series::Migration),
            Box::new(m20261128_000026_crew::Migration),
            Box::new(m20261128_000027_activity::Migration),
            Box::new(m20261128_000028_account_locale::Migration),
        ]
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        Self::steps().into_iter().map(|step| step as Box<dyn MigrationTrait>).collect()
    }
}

/// Exclusive access to the schema among processes, released however the process ends.
pub struct Exclusive<'a> {
    db: &'a Database,
    lock: Lock,
}

/// The steps applied to a database that this program can work with.
///
/// # Errors
/// [`MigrationError::Foreign`], [`MigrationError::Newer`].
pub async fn known(db: &Database) -> Result<Vec<String>, MigrationError> {
    if is_foreign(db).await? {
        return Err(MigrationError::Foreign);
    }
    let applied = applied(db).await?;
    match unknown(&applied).last() {
        None => Ok(applied),
        Some(step) => Err(MigrationError::Newer(step.to_owned())),
    }
}

/// Whether a SQLite file has tables but no record of our steps. (A PostgreSQL schema may hold those of extensions.)
async fn is_foreign(db: &Database) -> Result<bool, DbErr> {
    let backend = db.connection().get_database_backend();
    if backend != DbBackend::Sqlite
        || SchemaManager::new(db.connection()).has_table("seaql_migrations").await?
    {
        return Ok(false);
    }
    let any = Statement::from_string(backend, "SELECT 1 FROM sqlite_schema WHERE type = 'table' LIMIT 1");
    Ok(db.connection().query_one_raw(any).await?.is_some())
}

/// The steps applied to a database, including those that this program does not know.
///
/// # Errors
/// When the database fails.
pub async fn applied(db: &Database) -> Result<Vec<String>, DbErr> {
    let manager = SchemaManager::new(db.connection());
    if !manager.has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let mut select = Query::select();
    select.column("version").from("seaql_migrations").order_by("version", Order::Asc);
    let rows = db.connection().query_all_raw(manager.get_database_backend().build(&select)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Those of `applied` that this program does not know.
pub fn unknown(applied: &[String]) -> impl Iterator<Item = &str> {
    let known: Vec<_> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    applied.iter().filter(move |step| !known.contains(step)).map(String::as_str)
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
}

impl<'a> Exclusive<'a> {
    /// Waits while another process changes the schema; calls `waits` before.
    ///
    /// # Errors
    /// When the lock cannot be taken.
    pub async fn of(db: &'a Database, waits: impl FnOnce()) -> Result<Self, MigrationError> {
        Ok(Self { db, lock: Lock::take(db, waits).await? })
    }

    pub fn database(&self) -> &'a Database {
        self.db
    }

    /// The steps that are not applied, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn missing(&self) -> Result<Vec<String>, DbErr> {
        let transaction = self.begin().await?;
        let missing = names(&Migrator::get_pending_migrations(&transaction).await?);
        transaction.commit().await.map(|()| missing)
    }

    /// The steps that are applied, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn applied(&self) -> Result<Vec<String>, DbErr> {
        let transaction = self.begin().await?;
        let applied = names(&Migrator::get_applied_migrations(&transaction).await?);
        transaction.commit().await.map(|()| applied)
    }

    /// Applies missing steps, `steps` at most.
    ///
    /// # Errors
    /// When a step fails: it is then rolled back as a whole.
    pub async fn up(&self, steps: usize) -> Result<(), DbErr> {
        self.go(Way::Up, self.missing().await?.len().min(steps)).await
    }

    /// Reverts the last `steps`.
    ///
    /// # Errors
    /// As [`Exclusive::up`].
    pub async fn down(&self, steps: usize) -> Result<(), DbErr> {
        self.go(Way::Down, self.applied().await?.len().min(steps)).await
    }

    /// Releases the lock; dropping it does so, too, but later.
    ///
    /// # Errors
    /// When the database has lost the lock meanwhile.
    pub async fn release(self) -> Result<(), DbErr> {
        self.lock.release().await
    }

    async fn go(&self, way: Way, steps: usize) -> Result<(), DbErr> {
        for _ in 0..steps {
            // Servers write meanwhile: of two that wait for each other PostgreSQL rolls one back, which may be the step.
            (|| self.take_step(way)).retry(pauses()).when(is_contended).await?;
        }
        Ok(())
    }

    async fn take_step(&self, way: Way) -> Result<(), DbErr> {
        let transaction = self.begin().await?;
        match way {
            Way::Up => Migrator::up(&transaction, Some(1)).await?,
            Way::Down => Migrator::down(&transaction, Some(1)).await?,
        }
        transaction.commit().await
    }

    /// A transaction that begins as a writer's: SQLite refuses one that reads first and writes after another has written.
    /// Retried, because a server may be writing for longer than the busy timeout.
    ///
    /// # Errors
    /// When no connection is free in time, or the database fails.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let begin = || {
            self.db.connection.begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
        };
        let transaction = begin.retry(pauses()).when(is_contended).await?;
        lock::also_of_transaction(&transaction).await?;
        Ok(transaction)
    }
}

fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default().with_max_times(10).with_jitter()
}

fn is_contended(error: &DbErr) -> bool {
    FailureKind::of(error) == FailureKind::Contended
}

fn names(steps: &[sea_orm_migration::Migration]) -> Vec<String> {
    steps.iter().map(|step| step.name().to_owned()).collect()
}

/// Takes the lock and applies missing steps, `steps` at most.
///
/// # Errors
/// As [`Exclusive::of`] and [`Exclusive::up`].
pub async fn up(db: &Database, steps: Option<usize>) -> Result<(), MigrationError> {
    let schema = Exclusive::of(db, || {}).await?;
    schema.up(steps.unwrap_or(usize::MAX)).await?;
    Ok(schema.release().await?)
}

/// A table in a step: columns first, then constraints.
fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

fn id(name: &'static str) -> ColumnDef {
    schema::uuid(name)
}

fn id_null(name: &'static str) -> ColumnDef {
    schema::uuid_null(name)
}

/// Microseconds since the Unix epoch; see [`crate::timestamp::Timestamp`].
fn instant(name: &'static str) -> ColumnDef {
    schema::big_integer(name)
}

fn instant_null(name: &'static str) -> ColumnDef {
    schema::big_integer_null(name)
}

fn text(name: &'static str) -> ColumnDef {
    schema::text(name)
}

fn text_null(name: &'static str) -> ColumnDef {
    schema::text_null(name)
}

/// A text column that takes only these values.
fn one_of(name: &'static str, values: &[&'static str]) -> ColumnDef {
    schema::text(name).check(Expr::col(name).is_in(values.iter().copied())).take()
}

fn primary_key(columns: &[&'static str]) -> IndexCreateStatement {
    columns.iter().fold(Index::create(), |mut key, column| key.col(*column).take())
}

/// A foreign key from `columns` of this table to `target_columns` of `target`.
fn refers(
    name: &'static str,
    columns: &[&'static str],
    target: &'static str,
    target_columns: &[&'static str],
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create().name(name).to_tbl(target).take();
    for column in columns {
        key.from_col(*column);
    }
    for column in target_columns {
        key.to_col(*column);
    }
    key
}

/// An index with the same SQL in both dialects. `name` may begin with `unique `; `columns` begins with the table and may
/// end with a WHERE clause.
async fn index(manager: &SchemaManager<'_>, name: &str, columns: &str) -> Result<(), DbErr> {
    let (unique, name) = name.strip_prefix("unique ").map_or(("", name), |name| ("UNIQUE ", name));
    command(manager, &format!("CREATE {unique}INDEX {name} ON {columns}")).await
}

/// A statement of one command, which PostgreSQL makes sure of: it is prepared. A database whose tables are distributed refuses
/// several commands in one text.
async fn command(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let statement = Statement::from_string(manager.get_database_backend(), sql);
    manager.get_connection().execute_raw(statement).await.map(|_| ())
}

/// Commands of each dialect, in order.
async fn commands(manager: &SchemaManager<'_>, postgres: &[&str], sqlite: &[&str]) -> Result<(), DbErr> {
    let of_dialect = if manager.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    for sql in of_dialect {
        command(manager, sql).await?;
    }
    Ok(())
}

/// Statements whose text must differ between the dialects, of steps before the 21st: several commands in one text.
async fn dialect(manager: &SchemaManager<'_>, postgres: &str, sqlite: &str) -> Result<(), DbErr> {
    let sql = if manager.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    manager.get_connection().execute_unprepared(sql).await?;
    Ok(())
}

async fn drop_tables(manager: &SchemaManager<'_>, names: &[&'static str]) -> Result<(), DbErr> {
    for name in names {
        manager.drop_table(Table::drop().table(*name).take()).await?;
    }
    Ok(())
}
