//! Transactions. A handler opens one, does its work, and commits; dropping it rolls back.

use super::{
    Database,
    failure::{connection_died, may_be_committed},
    sqlite_file::SameFile,
    storage::Storage,
    versions::{self, List},
};
use crate::{
    error::{Error, FailureKind},
    fair::{Portion, Tenant},
    ids::{AccountId, Id, InvitationId, OrgId},
    random::Random,
    timestamp::Timestamp,
};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, IsolationLevel,
    QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use std::{
    any::Any,
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What is put beside the database.
pub(super) type Attached = Arc<OnceLock<Box<dyn Any + Send + Sync>>>;

/// Repeats `$work` until it gets a live connection. Each failure removes a dead connection from the pool, so there are at
/// most `max_connections` retries.
macro_rules! on_a_live_connection {
    ($db:expr, $work:expr) => {{
        let mut dead = 0;
        loop {
            if let Some(Err(gone)) = $db.file.as_deref().map(SameFile::is_there) {
                break Err(gone);
            }
            match $db.waiting.until_served($work).await {
                Err(error) if dead < $db.max_connections && connection_died(&error) => dead += 1,
                result => break result,
            }
        }
    }};
}

/// Who makes a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Account(AccountId),
    /// The holder of an invitation's link.
    Invitation(InvitationId),
    /// The command line, or an unauthenticated client (a refused sign-in).
    System,
}

/// Where a write comes from. The audit log keeps the actor and the request id.
#[derive(Debug, Clone)]
pub struct Origin {
    pub actor: Actor,
    /// `None` on the command line.
    pub request_id: Option<String>,
    /// Whose turn to write is used.
    pub tenant: Tenant,
    /// Cancelled when the client hangs up: a write that has not begun by then never does.
    pub hung_up: CancellationToken,
}

impl Origin {
    /// The program itself, or its operator on the command line.
    pub fn system() -> Self {
        Self { actor: Actor::System, request_id: None, tenant: None, hung_up: CancellationToken::new() }
    }
}

/// The cached lists that a write changes, with their next versions.
type Changed = BTreeMap<OrgId, BTreeMap<List, i64>>;

/// An open write transaction and what a write needs besides: its timestamp, new ids, and its origin.
///
/// Dropped without [`Tx::commit`] it is rolled back.
#[must_use = "a transaction that is not committed changes nothing"]
pub struct Tx {
    inner: DatabaseTransaction,
    pub now: Timestamp,
    pub origin: Origin,
    random: Random,
    created: AtomicU32,
    changed: Mutex<Changed>,
    storage: Storage,
    file: Option<Arc<SameFile>>,
    failed: AtomicBool,
    wrote: AtomicBool,
    has_jobs: AtomicBool,
    jobs_committed: watch::Sender<()>,
    attached: Attached,
    // Dropped last, after the rollback or commit, so that the next writer finds the database free.
    _turn: Portion,
}

impl Tx {
    /// Replaces the versions of the lists that were changed, and commits.
    ///
    /// # Errors
    /// When an earlier statement failed, or the database refuses or is unreachable; nothing was changed then.
    /// [`FailureKind::OutcomeUnknown`] when the connection was lost, or the disk did not confirm, during the COMMIT.
    pub async fn commit(self) -> Result<(), Error> {
        // Last, because a version's row is locked until the commit, and every writer of the org needs it.
        let changed = std::mem::take(&mut *self.changed());
        for (org, lists) in changed {
            versions::replace(&self, org, &lists).await?;
        }
        if self.failed.load(Ordering::Relaxed) {
            // After an error SQLite may have rolled back by itself, and PostgreSQL answers COMMIT with a rollback that the
            // driver takes for success.
            return Err(Error::internal(AlreadyFailed));
        }
        if let Some(Err(gone)) = self.file.as_deref().map(SameFile::is_there) {
            return Err(gone.into());
        }
        let (storage, now, wrote) = (self.storage, self.now, self.wrote);
        match self.inner.commit().await {
            Ok(()) => {
                if self.has_jobs.into_inner() {
                    self.jobs_committed.send_replace(());
                }
                if wrote.into_inner() {
                    storage.note_success();
                }
                Ok(())
            }
            Err(error) => {
                storage.note_failure(&error, now);
                Err(if may_be_committed(&error) {
                    Error::failed(FailureKind::OutcomeUnknown, error)
                } else {
                    error.into()
                })
            }
        }
    }

    /// Runs a statement, and remembers if it failed: then no other is run, because SQLite ends the transaction by itself
    /// when the disk is full or fails, and the next statement would be committed on its own.
    async fn run<T>(&self, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(DbErr::Custom(AlreadyFailed.to_string()));
        }
        statement.await.inspect_err(|error| {
            self.failed.store(true, Ordering::Relaxed);
            self.storage.note_failure(error, self.now);
        })
    }

    /// Does a part that may be refused on its own. What it wrote is then taken back, and the transaction goes on; the lists that
    /// it marked as changed get new versions all the same.
    ///
    /// # Errors
    /// What is no refusal ends the transaction.
    pub async fn attempt<T>(
        &self,
        part: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, Error> {
        self.execute_unprepared("SAVEPOINT part").await?;
        let done = part.await;
        match &done {
            Ok(_) => self.execute_unprepared("RELEASE SAVEPOINT part").await?,
            Err(Error::Failed(_) | Error::Replayed(_)) => return done.map(Ok),
            Err(Error::Invalid(_) | Error::Refused(_) | Error::Items(..)) => {
                // A refusal by a constraint is a statement that failed, and taking it back is all that may follow. Where the
                // database has ended the transaction by itself, there is no savepoint any more, and this fails.
                let taken_back = "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part";
                let result = self.inner.execute_unprepared(taken_back).await;
                self.failed.store(result.is_err(), Ordering::Relaxed);
                result?
            }
        };
        Ok(done)
    }

    /// Marks a cached list as changed: the commit replaces its version.
    pub fn changes(&self, org: OrgId, list: List) {
        self.changed().entry(org).or_default().entry(list).or_insert_with(|| self.random_number());
    }

    /// The version that a list will have, if it was marked as changed.
    pub fn next_version(&self, org: OrgId, list: List) -> Option<i64> {
        self.changed().get(&org)?.get(&list).copied()
    }

    fn changed(&self) -> MutexGuard<'_, Changed> {
        // A panic cannot leave it half-changed.
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The commit wakes the workers of this process.
    pub fn wakes_workers(&self) {
        self.has_jobs.store(true, Ordering::Relaxed);
    }

    /// What was put beside the database ([`Database::attach`]), if it is a `T`.
    pub fn attached<T: Any>(&self) -> Option<&T> {
        self.attached.get()?.downcast_ref()
    }

    /// An unguessable number that does not repeat.
    fn random_number(&self) -> i64 {
        i64::from_be_bytes(self.random.bytes())
    }

    /// A new id for an object created by this write.
    pub fn new_id<T: Id>(&self) -> T {
        self.random.id(self.now, self.created.fetch_add(1, Ordering::Relaxed))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an earlier statement of this transaction failed; it can only be rolled back")]
struct AlreadyFailed;

#[derive(Debug, thiserror::Error)]
#[error("its client hung up before the write had begun")]
struct HungUp;

impl Database {
    /// Opens a write transaction when its turn comes among those of this process: orgs take turns, however much each
    /// writes. On SQLite it is `BEGIN IMMEDIATE`; on PostgreSQL it is READ COMMITTED, and queries lock the rows that a
    /// decision depends on.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when no connection is free in time, the database is unreachable, or the client hung up.
    pub async fn write(&self, origin: Origin) -> Result<Tx, Error> {
        let hung_up = origin.hung_up.clone();
        hung_up.run_until_cancelled(self.begin_writing(origin)).await.unwrap_or_else(|| {
            // The client is gone.
            Err(Error::failed(FailureKind::Unavailable, HungUp))
        })
    }

    async fn begin_writing(&self, origin: Origin) -> Result<Tx, Error> {
        let turn = {
            let _waiting = self.waiting.place();
            self.writers.wait(origin.tenant, 1).await?
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let inner = self.begin(options).await?;
        Ok(Tx {
            inner,
            now: self.clock.now(),
            origin,
            random: self.random.clone(),
            created: AtomicU32::new(0),
            changed: Mutex::default(),
            storage: self.storage.clone(),
            file: self.file.clone(),
            failed: AtomicBool::default(),
            wrote: AtomicBool::default(),
            has_jobs: AtomicBool::default(),
            jobs_committed: self.jobs_committed.clone(),
            attached: self.attached(),
            _turn: turn,
        })
    }

    /// Opens a snapshot for several reads that must agree.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when no connection is free in time or the database is unreachable.
    pub async fn read(&self) -> Result<DatabaseTransaction, Error> {
        let options = match self.get_database_backend() {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions::default(),
        };
        self.begin(options).await
    }

    /// Runs BEGIN in a task of its own: cancelling it halfway (the client hung up) would return a connection with an open
    /// transaction to the pool. The task completes, and its unclaimed transaction is rolled back when dropped.
    async fn begin(&self, options: TransactionOptions) -> Result<DatabaseTransaction, Error> {
        let db = self.clone();
        let begun =
            tokio::spawn(async move { on_a_live_connection!(db, db.connection.begin_with_options(options)) });
        Ok(begun.await.map_err(|error| Error::internal(error))??)
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let done = self.run(self.inner.execute_raw(statement)).await?;
        if done.rows_affected() > 0 {
            self.wrote.store(true, Ordering::Relaxed);
        }
        Ok(done)
    }
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.run(self.inner.execute_unprepared(sql)).await
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.run(self.inner.query_one_raw(statement)).await
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.run(self.inner.query_all_raw(statement)).await
    }
}

/// For reads of one statement, which may be retried; writes use a [`Tx`].
#[sea_orm::prelude::async_trait::async_trait]
impl ConnectionTrait for Database {
    fn get_database_backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        on_a_live_connection!(self, self.connection.execute_raw(statement.clone()))
    }
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        on_a_live_connection!(self, self.connection.execute_unprepared(sql))
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        on_a_live_connection!(self, self.connection.query_one_raw(statement.clone()))
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        on_a_live_connection!(self, self.connection.query_all_raw(statement.clone()))
    }
}
