//! Opening a SQLite file that other processes may be opening in the same moment.

use backon::{ExponentialBuilder, Retryable};
use sea_orm::sqlx::{
    Error, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::time::Duration;

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
