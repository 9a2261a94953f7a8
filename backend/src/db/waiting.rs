//! Counts who waits for a connection, which sqlx's pool does not tell: a waiter is counted by a task-local [`Waiter`] until
//! the pool calls one of its hooks in the same task, with a connection, or until it gives up.

use super::Database;
use sea_orm::DbBackend;
use std::{
    cell::Cell,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

tokio::task_local! {
    static WAITER: Cell<Option<Waiter>>;
}

/// The number of waiters. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<AtomicI64>);

/// Counts as a waiter until it is dropped.
pub(super) struct Waiter(Arc<AtomicI64>);

impl Waiting {
    pub(super) fn place(&self) -> Waiter {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waiter(Arc::clone(&self.0))
    }

    /// Runs `work`, which begins by asking the pool for a connection.
    pub(super) async fn until_served<T>(&self, work: impl Future<Output = T>) -> T {
        WAITER.scope(Cell::new(Some(self.place())), work).await
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The pool has a connection for the current task. Called from its hooks, which must not await: a request cancelled in the
/// middle of one would cost the connection.
pub(super) fn served() {
    // Outside of such a task the pool opens a connection for itself.
    let _ = WAITER.try_with(Cell::take);
}

/// The state of the pool, in connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Running a statement, or held by a transaction.
    pub in_use: i64,
    pub idle: i64,
    pub max: i64,
    /// Statements and transactions that wait for a connection, or for their turn to write.
    pub waiting: i64,
}

impl Database {
    pub fn connections(&self) -> Connections {
        let (size, idle) = match self.connection.get_database_backend() {
            DbBackend::Sqlite => {
                let pool = self.connection.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
            _ => {
                let pool = self.connection.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        let (size, idle) = (i64::from(size), i64::try_from(idle).unwrap_or(i64::MAX));
        // The two are read one after the other, while connections come and go.
        let idle = idle.min(size);
        let waiting = self.waiting.0.load(Ordering::Relaxed);
        Connections { in_use: size - idle, idle, max: self.max_connections.into(), waiting }
    }
}
