//! Opening a SQLite file that other processes may open at the same moment, or delete while it is open.

use backon::{ExponentialBuilder, Retryable};
use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{
        Error, SqlitePool,
        sqlite::{SqliteConnectOptions, SqlitePoolOptions},
    },
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// Opens the pool. The first connection switches a new file to WAL. While another process writes or switches it, too,
/// SQLite returns BUSY at once, whatever the busy timeout, because waiting could deadlock; so opening is retried.
pub(super) async fn sqlite(pool: SqlitePoolOptions, file: SqliteConnectOptions) -> Result<SqlitePool, Error> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(100))
        .with_max_times(100)
        .with_jitter();
    let pool = (|| pool.clone().connect_with(file.clone())).retry(pauses).when(is_busy).await?;
    // If the file is deleted while the server runs, the next connection must not create an empty one.
    pool.set_connect_options(file.create_if_missing(false));
    Ok(pool)
}

/// `SQLITE_BUSY`: the lower byte, also of its extended codes.
fn is_busy(error: &Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// The identity of the opened file. If it is deleted or replaced, open connections would write to a file that is gone after
/// a restart, and a new connection would replay its WAL into the other file.
#[derive(Debug, Clone)]
pub(super) struct SameFile {
    path: PathBuf,
    identity: Option<Identity>,
}

/// Device and inode. The file must not be opened to compare: closing it would release the locks that SQLite holds on it
/// (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
type Identity = (u64, u64);

impl SameFile {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), identity: identity(path) }
    }

    /// Until the file is back, or the program restarts, no statement or transaction begins and none is committed. Blocks on
    /// the file system; a volume that hangs would block SQLite as well.
    ///
    /// # Errors
    /// [`DbErr::Conn`], as for a server that is unreachable.
    pub(super) fn is_there(&self) -> Result<(), DbErr> {
        if self.identity.is_some() && self.identity == identity(&self.path) {
            return Ok(());
        }
        let gone =
            "the database's file was deleted or replaced while it was in use: put it back, or start again";
        let gone = Error::Io(std::io::Error::other(gone));
        Err(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(gone))))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// On other systems a file that is open cannot be deleted.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some((0, 0))
}
