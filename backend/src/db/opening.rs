//! Opening a SQLite file that other processes may be opening in the same moment, or deleting while it is open.

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

/// The pool of this file. Whoever opens a new file turns it to WAL. While another writes to it, or turns it itself, SQLite
/// refuses that at once, whatever the busy timeout, because each could be waiting for the other. Tried again, it is turned.
pub(super) async fn sqlite(pool: SqlitePoolOptions, file: SqliteConnectOptions) -> Result<SqlitePool, Error> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(5))
        .with_max_delay(Duration::from_millis(100))
        .with_max_times(100)
        .with_jitter();
    let pool = (|| pool.clone().connect_with(file.clone())).retry(pauses).when(is_busy).await?;
    // Whoever deletes the file under a running server would be given an empty one by the next connection.
    pool.set_connect_options(file.create_if_missing(false));
    Ok(pool)
}

/// `SQLITE_BUSY`, the lower byte of whatever says more precisely why.
fn is_busy(error: &Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// Which file was opened. Where another one has its name, or none, connections that have it open would go on writing what nobody
/// finds after a restart, and a new connection would replay its WAL into the other file.
#[derive(Debug, Clone)]
pub(super) struct SameFile {
    path: PathBuf,
    identity: Option<Identity>,
}

/// The device and the number there. The file itself must not be opened to compare: closing it again would end the locks that
/// SQLite has on it (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
type Identity = (u64, u64);

impl SameFile {
    /// The one that is there now.
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), identity: identity(path) }
    }

    /// No statement or transaction begins, and none is committed, until it is back or the program is started again. Asks the
    /// file system without waiting for anything else; a volume that hangs would hold up SQLite as well.
    ///
    /// # Errors
    /// One like that of a server that is out of reach.
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

/// Elsewhere a file that is open cannot be deleted.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<Identity> {
    path.exists().then_some((0, 0))
}
