//! Who waits for a connection: sqlx's pool does not say, so each asks from a place in a queue, and leaves it when the pool
//! calls back from the same task, with a connection in its hand, or when it gives up.

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
    static PLACE: Cell<Option<Place>>;
}

/// Counts those who wait. Clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<AtomicI64>);

/// One who waits, until it is dropped.
pub(super) struct Place(Arc<AtomicI64>);

impl Waiting {
    pub(super) fn place(&self) -> Place {
        self.0.fetch_add(1, Ordering::Relaxed);
        Place(Arc::clone(&self.0))
    }

    /// Does `work`, which begins by asking the pool for a connection.
    pub(super) async fn until_served<T>(&self, work: impl Future<Output = T>) -> T {
        PLACE.scope(Cell::new(Some(self.place())), work).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The pool has a connection for whoever asks in this task. Called from its hooks, which must not wait for anything: a
/// request given up in the middle of one would cost the connection.
pub(super) fn served() {
    // Outside of such a task the pool opens one for itself.
    let _ = PLACE.try_with(Cell::take);
}

/// The pool at a moment, in connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// Doing something, or held by a transaction.
    pub in_use: i64,
    pub idle: i64,
    pub max: i64,
    /// How many statements and transactions wait for one, or for their turn to write.
    pub waiting: i64,
}

impl Database {
    /// The pool as it is now.
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
        // They are read one after the other, while others come and go.
        let idle = idle.min(size);
        let waiting = self.waiting.0.load(Ordering::Relaxed);
        Connections { in_use: size - idle, idle, max: self.max_connections.into(), waiting }
    }
}
