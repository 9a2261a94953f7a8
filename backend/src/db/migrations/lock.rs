//! One process at a time changes the schema: whoever comes meanwhile waits. The lock goes with the process that holds it,
//! however that ends, and is taken before anything is asked, because even the record of the steps has to be created.

use crate::db::Database;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, FromQueryResult, Statement, TransactionTrait,
};
use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// A number that no other program is likely to lock: "coulisse" in ASCII.
const NUMBER: i64 = i64::from_be_bytes(*b"coulisse");

/// Why the schema could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    #[error("the database refused: {0}")]
    Database(#[from] DbErr),
    /// The file beside a SQLite database that lets one process at a time migrate.
    #[error("cannot lock {0}: {1}; let the program's user write the database file and its folder")]
    Lock(PathBuf, #[source] io::Error),
}

/// Held while the schema is changed.
pub(super) enum Lock {
    /// The operating system's, on a file beside the database; unlocked when it is closed.
    File { _locked: File },
    /// PostgreSQL's, for as long as a transaction that does nothing else.
    Transaction(DatabaseTransaction),
}

impl Lock {
    /// Takes it; calls `waits` first when another process has it.
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

    /// Lets the next one in.
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
    // Waiting for another and then idling takes as long as the steps do.
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

/// Whoever has the lock takes this one, too, in each of its transactions. A process that was killed has lost the first at once,
/// while the server may still be carrying out the last statement that it was sent.
pub(super) async fn also_of_transaction(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        let next = NUMBER + 1;
        let sql = format!("SELECT pg_advisory_xact_lock({next})");
        transaction.execute_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    }
    Ok(())
}

/// The database's file as SQLite itself calls it, with links resolved: whichever way it was named, the lock is the same.
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

/// Never the database itself: closing it would undo the locks that SQLite has on it.
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
