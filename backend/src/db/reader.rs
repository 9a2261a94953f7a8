//! What a list is read from.

use super::Database;
use crate::error::Error;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement,
    prelude::async_trait::async_trait,
};

/// The database itself where one statement reads a whole page; a snapshot where the parts of a long page, read one after
/// the other, must agree.
pub enum Reader {
    /// For one statement.
    Database(Database),
    /// For several.
    Snapshot(DatabaseTransaction),
}

impl Database {
    /// For a list, whose page may take several parts.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is free in time or the database is out of reach.
    pub async fn reader(&self, in_parts: bool) -> Result<Reader, Error> {
        Ok(if in_parts { Reader::Snapshot(self.read().await?) } else { Reader::Database(self.clone()) })
    }
}

macro_rules! either {
    ($self:ident, $db:ident => $work:expr) => {
        match $self {
            Reader::Database($db) => $work,
            Reader::Snapshot($db) => $work,
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
