//! Opening the configured database.

use super::{
    DatabaseUrl, refusal,
    sqlite_file::{self, SameFile},
    storage::Storage,
    transaction::Attached,
    waiting::{Waiting, served},
};
use crate::{clock::Clock, fair::Fair, random::Random};
use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
    sqlx::{
        self, ConnectOptions, Connection,
        postgres::{PgConnectOptions, PgPoolOptions},
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};
use std::{
    any::Any,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// The pool's size and timeouts.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    pub max_connections: u32,
    /// How long a request waits for a free connection.
    pub acquire_timeout: Duration,
    /// After how long PostgreSQL cancels a statement; half of it for a lock, twice for an idle transaction. `None` for
    /// migrations, which may take any time.
    pub statement_timeout: Option<Duration>,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The folder of the SQLite file cannot be created.
    #[error(
        "cannot create the folder {0} for the database file: {1}; create it or name another file in DATABASE_URL"
    )]
    Folder(PathBuf, #[source] std::io::Error),
    /// The folder of a SQLite file that the configuration names does not exist; perhaps another was meant.
    #[error(
        "there is no folder {0} for the database file; create it, or correct DATABASE_URL (an absolute path has four slashes: sqlite:////var/lib/…)"
    )]
    NoFolder(PathBuf),
    /// The database does not open.
    #[error("cannot open the database {url}: {}", refusal::told(.url, .source))]
    Open {
        /// The URL without its password.
        url: DatabaseUrl,
        #[source]
        source: sqlx::Error,
    },
}

impl ConnectError {
    /// Whether the database may be there later without anybody correcting a setting: nothing listens, the name is not known, it
    /// is starting, or it has no connection left.
    pub fn may_pass(&self) -> bool {
        let Self::Open { url: DatabaseUrl::Postgres(_), source } = self else { return false };
        match source {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => true,
            // 57P: it starts or stops; 53: it lacks room; 08: the connection broke.
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                ["57P", "53", "08"].iter().any(|class| code.starts_with(class))
            }
            _ => false,
        }
    }
}

/// A connection pool of either database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) connection: DatabaseConnection,
    pub(super) max_connections: u32,
    /// Turns for write transactions. Waiting for one holds no connection.
    pub(super) writers: Fair,
    pub(super) waiting: Waiting,
    pub(super) storage: Storage,
    pub(super) file: Option<Arc<SameFile>>,
    pub(super) clock: Clock,
    pub(super) random: Random,
    statements: Arc<AtomicU64>,
    pub(super) distributed: Arc<AtomicBool>,
    /// Wakes the workers of this process when jobs were committed.
    pub(super) jobs_committed: watch::Sender<()>,
    /// What the parts above have put beside the database; see [`Database::attach`].
    attached: Attached,
}

impl Database {
    /// Connects, creating a SQLite file when it is missing, the default one with its folder.
    ///
    /// # Errors
    /// [`ConnectError`] says what to do.
    pub async fn connect(
        url: &DatabaseUrl,
        limits: Pool,
        clock: Clock,
        random: Random,
    ) -> Result<Self, ConnectError> {
        let open = |source| ConnectError::Open { url: url.clone(), source };
        let (mut connection, writers, file) = match url {
            DatabaseUrl::Sqlite(path) => {
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    if *url == DatabaseUrl::default() {
                        std::fs::create_dir_all(folder)
                            .map_err(|error| ConnectError::Folder(folder.into(), error))?;
                    } else if matches!(folder.try_exists(), Ok(false)) {
                        return Err(ConnectError::NoFolder(folder.into()));
                    }
                }
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    // Without it, INSERT OR REPLACE would delete a guarded row unseen by its triggers.
                    .pragma("recursive_triggers", "ON")
                    // The driver's thread reads ahead instead of waiting for the reader at each row.
                    .row_buffer_size(256)
                    .busy_timeout(Duration::from_secs(5))
                    .disable_statement_logging();
                let pool = SqlitePoolOptions::new()
                    .max_connections(limits.max_connections)
                    .acquire_timeout(limits.acquire_timeout)
                    .test_before_acquire(false)
                    .before_acquire(|connection, _| {
                        served();
                        let idle = !connection.is_in_transaction();
                        Box::pin(async move { Ok(idle) })
                    })
                    .after_release(|connection, _| Box::pin(ended_its_transaction(connection)))
                    .after_connect(|_, _| {
                        served();
                        Box::pin(async { Ok(()) })
                    });
                let pool = sqlite_file::sqlite(pool, options).await.map_err(open)?;
                // SQLite takes one writer at a time. Waiting inside SQLite polls, is unfair, and keeps connections from
                // readers.
                let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
                (connection, Fair::new("writes", 1, 1), Some(Arc::new(SameFile::at(path))))
            }
            DatabaseUrl::Postgres(server) => {
                // PostgreSQL reads 0 as "none".
                let millis =
                    |timeout: Option<Duration>| timeout.map_or(0, |timeout| timeout.as_millis()).to_string();
                let timeout = limits.statement_timeout;
                let options = server
                    .as_str()
                    .parse::<PgConnectOptions>()
                    .map_err(open)?
                    .application_name("coulisses")
                    .options([
                        // Compiling a query costs more time than any of these queries.
                        ("jit", "off".to_owned()),
                        ("statement_timeout", millis(timeout)),
                        ("lock_timeout", millis(timeout.map(|timeout| timeout / 2))),
                        ("idle_in_transaction_session_timeout", millis(timeout.map(|timeout| timeout * 2))),
                    ])
                    .disable_statement_logging();
                let asked = options.clone();
                let pool = PgPoolOptions::new()
                    .max_connections(limits.max_connections)
                    .acquire_timeout(limits.acquire_timeout)
                    .test_before_acquire(false)
                    .before_acquire(|connection, _| {
                        served();
                        let idle = !connection.is_in_transaction();
                        Box::pin(async move { Ok(idle) })
                    })
                    .after_release(|connection, _| Box::pin(ended_its_transaction(connection)))
                    .after_connect(|_, _| {
                        served();
                        Box::pin(async { Ok(()) })
                    })
                    .connect_with(options)
                    .await;
                let pool = match pool {
                    // The pool retries until its timeout, and does not say why it had to.
                    Err(sqlx::Error::PoolTimedOut) => return Err(open(why_not(&asked, limits).await)),
                    pool => pool.map_err(open)?,
                };
                // Leaves a connection for reads while all write, and half of them for the writes of other orgs.
                let connections = usize::try_from(limits.max_connections).unwrap_or(usize::MAX);
                let writers = Fair::new("writes", (connections - 1).max(1), (connections / 2).max(1));
                (SqlxPostgresConnector::from_sqlx_postgres_pool(pool), writers, None)
            }
        };
        let statements = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&statements);
        connection.set_metric_callback(move |sent| {
            counter.fetch_add(1, Ordering::Relaxed);
            if let Some(watch) = WATCH.get() {
                watch(sent.statement);
            }
        });
        let db = Self {
            connection,
            max_connections: limits.max_connections,
            writers,
            waiting: Waiting::default(),
            storage: Storage::default(),
            file,
            clock: clock.following(),
            random,
            statements,
            distributed: Arc::default(),
            jobs_committed: watch::Sender::new(()),
            attached: Arc::default(),
        };
        if let Err(error) = db.look_for_distribution().await {
            tracing::warn!(%error, "the database did not say whether its tables are distributed; they are taken for not");
        }
        if let Err(error) = db.follow_clock().await {
            tracing::warn!(%error, cause = ?error.cause(), "the database did not say what time it is; it is asked again");
        }
        Ok(db)
    }

    /// How many statements were sent since the database was opened, by this and its clones, inside transactions too.
    /// BEGIN, COMMIT, ROLLBACK and unprepared texts (the probe, migrations) are not counted.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    pub fn max_connections(&self) -> usize {
        usize::try_from(self.max_connections).unwrap_or(usize::MAX)
    }

    /// The clock for writes: with PostgreSQL the server's, which all its instances follow.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Puts a value beside the database that every transaction can reach ([`Tx::attached`](super::Tx::attached)): what is
    /// recorded there is told to parts that this one does not know.
    ///
    /// # Panics
    /// When something was put there before.
    pub fn attach(&self, value: impl Any + Send + Sync) {
        assert!(self.attached.set(Box::new(value)).is_ok(), "one value is put beside a database");
    }

    pub(super) fn attached(&self) -> Attached {
        Arc::clone(&self.attached)
    }

    /// Changes when a transaction of this process with new jobs is committed.
    pub fn jobs_committed(&self) -> watch::Receiver<()> {
        self.jobs_committed.subscribe()
    }

    /// For migrations, which need the driver's own type.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Closes every connection; a SQLite file is checkpointed.
    ///
    /// # Errors
    /// When the driver fails to close cleanly.
    pub async fn close(&self) -> Result<(), sea_orm::DbErr> {
        self.connection.close_by_ref().await
    }
}

static WATCH: OnceLock<fn(&Statement)> = OnceLock::new();

/// For tests: shows every statement that any database of this process sends, but for unprepared texts. The first call counts.
pub fn watch_statements(watch: fn(&Statement)) {
    let _ = WATCH.set(watch);
}

/// Connects without the pool, to learn why the pool could not.
async fn why_not(server: &PgConnectOptions, limits: Pool) -> sqlx::Error {
    match tokio::time::timeout(limits.acquire_timeout, server.connect()).await {
        Ok(Err(error)) => error,
        Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut,
    }
}

/// Whether a connection that is returned to the pool may be reused. One whose rollback or commit failed still counts as
/// inside a transaction: the driver would turn later transactions into savepoints that are never committed.
async fn ended_its_transaction(connection: &mut impl Connection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // Runs the rollback of a dropped transaction, which is queued before the next statement.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}
