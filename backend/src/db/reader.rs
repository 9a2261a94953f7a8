//! The connection that reads a list.

use super::Database;
use crate::error::Error;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};
use tokio::runtime::Handle;

/// The database itself where one statement reads a whole page; a snapshot where several must agree.
pub struct Reader {
    db: Database,
    snapshot: Option<DatabaseTransaction>,
    /// The runtime to which the snapshot's connection is returned, wherever the reader is dropped: that spawns a task,
    /// which must not wait for threads of low priority.
    home: Handle,
}

impl Database {
    /// `in_snapshot` when several statements must agree.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`](crate::error::FailureKind::Unavailable) when no connection is free in time or the
    /// database is unreachable.
    pub async fn reader(&self, in_snapshot: bool) -> Result<Reader, Error> {
        let snapshot = if in_snapshot { Some(self.read().await?) } else { None };
        Ok(Reader { db: self.clone(), snapshot, home: Handle::current() })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _home = self.home.enter();
        self.snapshot = None;
    }
}

macro_rules! either {
    ($self:ident, $db:ident => $work:expr) => {
        match &$self.snapshot {
            None => {
                let $db = &$self.db;
                $work
            }
            Some($db) => $work,
        }
    };
}

#[async_trait]
impl ConnectionTrait for Reader {
    fn get_database_backend(&self) -> DbBackend {
        either!(self, db => db.get_database_backend())
    }
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        either!(self, db => db.execute_raw(statement).await)
    }
    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        either!(self, db => db.execute_unprepared(sql).await)
    }
    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        either!(self, db => db.query_one_raw(statement).await)
    }
    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        either!(self, db => db.query_all_raw(statement).await)
    }
}
