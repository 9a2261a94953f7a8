//! Transactions. A handler asks for one, does its work, and commits; dropping it instead undoes everything.

use super::{
    Database,
    failure::{connection_died, may_be_committed},
    opening::SameFile,
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
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

/// Does something that may be repeated until it meets a live connection: each failure throws a dead one out of the
/// pool, so there are at most as many as the pool is large.
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

/// Who is behind a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    Account(AccountId),
    /// Whoever holds the link of an invitation.
    Invitation(InvitationId),
    /// The command line, or nobody (a refused sign-in).
    System,
}

/// Where a write comes from. The audit log keeps who and by which request.
#[derive(Debug, Clone)]
pub struct Origin {
    pub actor: Actor,
    /// The request it was made by; none on the command line.
    pub request_id: Option<String>,
    /// In whose turn it is done.
    pub tenant: Tenant,
    /// Cancelled when nobody waits for it any more: a write that has not begun by then never does.
    pub hung_up: CancellationToken,
}

impl Origin {
    /// The program itself, or its operator on the command line.
    pub fn system() -> Self {
        Self { actor: Actor::System, request_id: None, tenant: None, hung_up: CancellationToken::new() }
    }
}

/// An open transaction and what a write needs besides: the instant it happens at, new ids, and who is behind it.
///
/// Dropped without [`Tx::commit`] it is rolled back.
#[must_use = "a transaction that is not committed changes nothing"]
pub struct Tx {
    inner: DatabaseTransaction,
    pub now: Timestamp,
    pub origin: Origin,
    random: Random,
    created: AtomicU32,
    changed: Mutex<BTreeMap<OrgId, BTreeSet<List>>>,
    storage: Storage,
    file: Option<Arc<SameFile>>,
    failed: AtomicBool,
    wrote: AtomicBool,
    // Released after the rollback or commit above it, so that the next writer finds the database free.
    _turn: Portion,
}

impl Tx {
    /// Makes everything that was done durable.
    ///
    /// # Errors
    /// When the database refuses or cannot be reached; nothing was changed then. [`FailureKind::OutcomeUnknown`] when the
    /// connection was lost, or the disk did not confirm, in the very moment of the commit.
    pub async fn commit(self) -> Result<(), Error> {
        // Last, because a version's row is held until the commit, and every writer of the org wants it.
        let changed = std::mem::take(&mut *self.changed());
        for (org, lists) in changed {
            versions::replace(&self, org, &lists.into_iter().collect::<Vec<_>>()).await?;
        }
        if self.failed.load(Ordering::Relaxed) {
            // After a failure SQLite may have undone everything by itself, and PostgreSQL answers COMMIT with a rollback that
            // the driver takes for success.
            return Err(Error::internal(AlreadyFailed));
        }
        if let Some(Err(gone)) = self.file.as_deref().map(SameFile::is_there) {
            return Err(gone.into());
        }
        let (storage, now, wrote) = (self.storage, self.now, self.wrote);
        match self.inner.commit().await {
            Ok(()) => {
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

    /// Does one statement, and remembers how it ended. After one that failed none is done any more: SQLite ends the
    /// transaction by itself when the disk is full or fails, and the next statement would be durable on its own.
    async fn run<T>(&self, statement: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(DbErr::Custom(AlreadyFailed.to_string()));
        }
        statement.await.inspect_err(|error| {
            self.failed.store(true, Ordering::Relaxed);
            self.storage.note_failure(error, self.now);
        })
    }

    /// Remembers that this write changes what a cached list shows.
    pub fn changes(&self, org: OrgId, list: List) {
        self.changed().entry(org).or_default().insert(list);
    }

    fn changed(&self) -> MutexGuard<'_, BTreeMap<OrgId, BTreeSet<List>>> {
        // A panic elsewhere leaves nothing half-done in it.
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number that nobody can guess and that does not come again.
    pub(super) fn random_number(&self) -> i64 {
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
    /// Opens a transaction that may write, when its turn comes among those of this process: one org after the other,
    /// however much each wants to write. On SQLite it is `BEGIN IMMEDIATE`; on PostgreSQL it is READ COMMITTED and the rows
    /// that a decision depends on are locked by the queries that read them.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when no connection is free in time or the database is out of reach.
    pub async fn write(&self, origin: Origin) -> Result<Tx, Error> {
        let hung_up = origin.hung_up.clone();
        hung_up.run_until_cancelled(self.begin_writing(origin)).await.unwrap_or_else(|| {
            // Nobody reads it.
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
            _turn: turn,
        })
    }

    /// Opens a snapshot for several reads that must agree with each other.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when no connection is free in time or the database is out of reach.
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

    /// BEGIN in a task of its own: cancelling that statement half-way (a client hung up) would hand a connection with
    /// an open transaction back to the pool. The task completes; its unclaimed transaction is then dropped properly.
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

/// For reads of one statement, which may be repeated; writes take a [`Tx`].
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
