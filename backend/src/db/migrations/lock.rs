//! One process at a time changes the schema; others wait. The lock is released however its process ends, and is taken
//! before the first query, because even the table of applied steps has to be created.

use crate::db::Database;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, TransactionTrait,
};
use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// The number of the advisory lock, which no other program is likely to use: "coulisse" in ASCII.
const NUMBER: i64 = i64::from_be_bytes(*b"coulisse");

/// Why the schema could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database refused: {0}")]
    Database(#[from] DbErr),
    /// A SQLite file that is not ours.
    #[error("the database file holds another program's tables; name a file of its own in DATABASE_URL")]
    Foreign,
    /// A newer program applied this step, and this one would misread its data.
    #[error(
        "the database was made by a newer coulisses (it has the step {0}, and this program is {program}): upgrade the program, or put \
            back a copy of the database from before",
        program = env!("CARGO_PKG_VERSION")
    )]
    Newer(String),
    /// The lock file beside a SQLite database.
    #[error("cannot lock {0}: {1}; let the program's user write the database file and its folder")]
    Lock(PathBuf, #[source] io::Error),
}

/// Held while the schema is changed.
pub(super) enum Lock {
    /// An operating system lock on a file beside the database; released when it is closed.
    File { _locked: File },
    /// A PostgreSQL advisory lock, held by a transaction that does nothing else.
    Transaction(DatabaseTransaction),
}

impl Lock {
    /// Waits for the lock; calls `waits` first when another process holds it.
    pub(super) async fn take(db: &Database, waits: impl FnOnce()) -> Result<Self, MigrationError> {
        match db.get_database_backend() {
            DbBackend::Postgres => {
                let transaction = db.connection.begin().await?;
                of_server(&transaction, waits).await?;
                Ok(Self::Transaction(transaction))
            }
            _ => {
                let path = beside(&file_of(db).await?);
                let locked =
                    of_file(&path, waits).await.map_err(|error| MigrationError::Lock(path, error))?;
                Ok(Self::File { _locked: locked })
            }
        }
    }

    pub(super) async fn release(self) -> Result<(), DbErr> {
        match self {
            Self::File { .. } => Ok(()),
            Self::Transaction(transaction) => transaction.commit().await,
        }
    }
}

async fn of_server(transaction: &DatabaseTransaction, waits: impl FnOnce()) -> Result<(), DbErr> {
    #[derive(FromQueryResult)]
    struct Taken {
        taken: bool,
    }
    // Waiting for another process, and idling while the steps run, would exceed any timeout.
    let patience = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
        SET LOCAL idle_in_transaction_session_timeout = 0";
    transaction.execute_unprepared(patience).await?;
    let sql =
        |call: &str| Statement::from_string(DbBackend::Postgres, format!("SELECT {call}({NUMBER}) AS taken"));
    let taken = Taken::find_by_statement(sql("pg_try_advisory_xact_lock")).one(transaction).await?;
    if !taken.is_some_and(|row| row.taken) {
        waits();
        transaction.execute_raw(sql("pg_advisory_xact_lock")).await?;
    }
    Ok(())
}

/// A second lock, which each transaction of the lock's holder takes. A process that was killed loses the first at once,
/// while the server may still be running its last statement.
pub(super) async fn also_of_transaction(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        let next = NUMBER + 1;
        let sql = format!("SELECT pg_advisory_xact_lock({next})");
        transaction.execute_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    }
    Ok(())
}

/// The database's file as SQLite calls it, with links resolved, so that every name for it leads to the same lock.
async fn file_of(db: &Database) -> Result<PathBuf, DbErr> {
    #[derive(FromQueryResult)]
    struct Main {
        file: String,
    }
    let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'";
    let main =
        Main::find_by_statement(Statement::from_string(DbBackend::Sqlite, sql)).one(&db.connection).await?;
    Ok(main.map(|row| row.file.into()).unwrap_or_default())
}

/// The lock of a SQLite database that is not open, and is perhaps not there: for whoever puts another file in its place. `path`
/// is as SQLite calls it, with links resolved. Released when the file is dropped.
///
/// # Errors
/// When the lock cannot be taken.
pub async fn lock_file_of(path: &Path, waits: impl FnOnce()) -> Result<File, MigrationError> {
    let beside = beside(path);
    of_file(&beside, waits).await.map_err(|error| MigrationError::Lock(beside, error))
}

/// The lock file. Not the database itself: closing it would release the locks that SQLite holds on it.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-migrating");
    name.into()
}

async fn of_file(path: &Path, waits: impl FnOnce()) -> io::Result<File> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => waits(),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let waiting = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    waiting.await.map_err(io::Error::other)?
}
