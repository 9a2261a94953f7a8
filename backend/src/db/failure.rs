//! Classifies database errors by the codes of PostgreSQL and SQLite.

use crate::error::{Error, FailureKind};
use sea_orm::{DbErr, RuntimeErr, sqlx};

/// PostgreSQL: serialization_failure, deadlock_detected, lock_not_available. SQLite: BUSY, LOCKED and their extended
/// codes BUSY_RECOVERY, BUSY_SNAPSHOT, BUSY_TIMEOUT, LOCKED_SHAREDCACHE.
const CONTENTION: [&str; 9] = ["40001", "40P01", "55P03", "5", "6", "261", "517", "773", "262"];

/// PostgreSQL: disk_full.
const DISK_FULL: &str = "53100";

/// What a distributed database says, under the code of an internal error, when it loses a server in the middle of a transaction.
const NODE_LOST: &str = "failure on connection marked as essential";

fn lost_a_node(e: &dyn sqlx::error::DatabaseError) -> bool {
    let code = e.code().unwrap_or_default();
    code.len() == 5 && code.starts_with("08") || code == "XX000" && e.message().starts_with(NODE_LOST)
}

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>); the low byte of an extended one.
mod sqlite {
    pub(super) const NOMEM: u32 = 7;
    pub(super) const READONLY: u32 = 8;
    pub(super) const INTERRUPT: u32 = 9;
    pub(super) const IOERR: u32 = 10;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;

    /// The codes of IOERR for failed writes: WRITE, FSYNC, DIR_FSYNC, TRUNCATE, SHMOPEN, SHMSIZE. A file that must not grow
    /// any further (a quota, `ulimit -f`) gives one of them; FULL is only ENOSPC.
    pub(super) const WRITE_FAILED: [u32; 6] = [778, 1034, 1290, 1546, 4618, 4874];
    /// Those that occur after everything was written: whether it is durable is unknown.
    pub(super) const SYNC_FAILED: [u32; 2] = [1034, 1290];
}

impl From<DbErr> for Error {
    #[track_caller]
    fn from(error: DbErr) -> Self {
        Self::failed(FailureKind::of(&error), error)
    }
}

impl FailureKind {
    /// Classifies a database error. [`FailureKind::Internal`] also if a [`Constraint`](super::Constraint) refused a write
    /// that did not expect it.
    pub fn of(error: &DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(_) => Self::Unavailable,
            _ => sqlx_error(error).and_then(Self::of_sqlx).unwrap_or(Self::Internal),
        }
    }

    fn of_sqlx(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Database(e) => {
                let code = e.code().unwrap_or_default();
                if CONTENTION.contains(&code.as_ref()) {
                    Some(Self::Contended)
                } else if lost_a_node(&**e) {
                    Some(Self::Unavailable)
                } else if code.len() == 5 {
                    Self::of_postgres(&code)
                } else {
                    code.parse().ok().and_then(Self::of_sqlite)
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Some(Self::Unavailable),
            _ => None,
        }
    }

    /// Class 57 is "operator intervention" (shutdown, statement timeout); 53 "insufficient resources"; 58 "system error"
    /// (the disk); 3D, 28 and 55000 a server that does not admit us; 25P03 the timeout of an idle
    /// transaction. A standby, or a server that protects its last free space, is read-only (25006).
    fn of_postgres(code: &str) -> Option<Self> {
        match code {
            DISK_FULL | "25006" => Some(Self::StorageFull),
            "25P03" | "55000" => Some(Self::Unavailable),
            _ => ["57", "53", "58", "3D", "28"]
                .iter()
                .any(|class| code.starts_with(class))
                .then_some(Self::Unavailable),
        }
    }

    fn of_sqlite(code: u32) -> Option<Self> {
        match code & 0xff {
            sqlite::FULL | sqlite::READONLY => Some(Self::StorageFull),
            sqlite::IOERR if sqlite::WRITE_FAILED.contains(&code) => Some(Self::StorageFull),
            sqlite::IOERR | sqlite::NOMEM | sqlite::INTERRUPT | sqlite::CANTOPEN => Some(Self::Unavailable),
            _ => None,
        }
    }
}

/// Whether a failed COMMIT may have succeeded: the connection was lost before the response, or the disk did not confirm the
/// write.
pub(super) fn may_be_committed(error: &DbErr) -> bool {
    match sqlx_error(error) {
        Some(sqlx::Error::Database(e)) => {
            let code = e.code().unwrap_or_default();
            // Class 57P: the server ended the connection.
            code.starts_with("57P")
                || lost_a_node(&**e)
                || code.parse().is_ok_and(|code| sqlite::SYNC_FAILED.contains(&code))
        }
        _ => true,
    }
}

/// Whether a statement failed because its connection was dead, perhaps for long: the pool does not ping connections before
/// it lends them, which would cost a round trip per statement.
pub(super) fn connection_died(error: &DbErr) -> bool {
    match sqlx_error(error) {
        Some(sqlx::Error::Io(_)) => true,
        // Class 57P: the server ended the connection (a restart, an administrator).
        Some(sqlx::Error::Database(e)) => e.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

/// The driver's error, if it is one.
pub(super) fn sqlx_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

/// Errors as a server would send them.
#[cfg(test)]
pub(super) mod said {
    use super::{DbErr, RuntimeErr, sqlx};
    use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
    use std::{borrow::Cow, error::Error as StdError, fmt};

    #[derive(Debug)]
    pub(in super::super) struct Said {
        code: &'static str,
        constraint: Option<String>,
        message: String,
    }

    impl Said {
        pub(in super::super) fn error(code: &'static str, constraint: Option<&str>, message: &str) -> DbErr {
            let said = Self { code, constraint: constraint.map(Into::into), message: message.into() };
            DbErr::Exec(RuntimeErr::SqlxError(sqlx::Error::Database(Box::new(said)).into()))
        }
    }

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.message)
        }
    }

    impl StdError for Said {}

    impl DatabaseError for Said {
        fn message(&self) -> &str {
            &self.message
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.code.into())
        }
        fn constraint(&self) -> Option<&str> {
            self.constraint.as_deref()
        }
        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
        fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{said::Said, *};

    #[test]
    fn a_node_that_was_lost_is_unavailable_and_may_have_committed() {
        let failed = "connection to the remote node worker-1:5432 failed";
        let essential = "failure on connection marked as essential: worker-1:5432";
        let codes = ["08000", "08003", "08006", "08P01"].map(|code| (code, failed));
        for (code, message) in codes.into_iter().chain([("XX000", essential)]) {
            let error = Said::error(code, None, message);
            assert_eq!(FailureKind::of(&error), FailureKind::Unavailable, "{code}");
            assert!(may_be_committed(&error), "{code}");
            // The connection to the node that said so is alive.
            assert!(!connection_died(&error), "{code}");
        }
        let defect = Said::error("XX000", None, "cache lookup failed for relation 1");
        assert_eq!(FailureKind::of(&defect), FailureKind::Internal);
        assert!(!may_be_committed(&defect));
        // SQLite's codes are numbers of fewer digits.
        assert!(!may_be_committed(&Said::error("5", None, "database is locked")));
    }
}
