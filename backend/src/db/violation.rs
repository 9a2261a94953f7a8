//! What a database error means: the one place that knows how PostgreSQL and SQLite name the constraints of the schema.

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// A constraint that said no, or a reason to come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// Two accepted assignments of one user overlap.
    DoubleBooking,
    /// A second active assignment of a user on a mission.
    ActiveAssignment,
    /// More accepted people than a role needs.
    Quota,
    /// The last active owner would go.
    LastOwner,
    /// Two approved availabilities of one user overlap.
    AvailabilityOverlap,
    /// An invitation's answer would change.
    InvitationAnswered,
    /// A project name is taken in its org.
    ProjectName,
    /// An org name is taken.
    OrgName,
    /// The account is a member already.
    Membership,
    /// The account is linked to another user of the org.
    UserAccount,
    /// The mission has a role of that name.
    MissionRoleName,
    /// Serialization failure, deadlock or lock timeout: the same transaction may succeed when tried again.
    Contention,
    /// The database cannot be reached or has no free connection.
    Outage,
    /// The database's disk is full or refuses to be written.
    StorageFull,
}

/// Constraint or trigger name (PostgreSQL, and every trigger of both), what SQLite says instead, and the meaning.
const NAMES: [(&str, &str, Violation); 12] = [
    ("assignments_no_double_booking", "assignments_no_double_booking", Violation::DoubleBooking),
    (
        "assignments_one_active",
        "assignments.org_id, assignments.mission_id, assignments.user_id",
        Violation::ActiveAssignment,
    ),
    ("assignments_quota", "assignments_quota", Violation::Quota),
    ("org_memberships_last_owner", "org_memberships_last_owner", Violation::LastOwner),
    ("availabilities_no_overlap", "availabilities_no_overlap", Violation::AvailabilityOverlap),
    ("invitations_answered_once", "invitations_answered_once", Violation::InvitationAnswered),
    ("projects_name", "projects.org_id, projects.name_key", Violation::ProjectName),
    ("orgs_name", "orgs.name_key", Violation::OrgName),
    ("org_memberships_account", "org_memberships.org_id, org_memberships.account_id", Violation::Membership),
    ("users_account", "users.org_id, users.account_id", Violation::UserAccount),
    (
        "mission_roles_name",
        "mission_roles.org_id, mission_roles.mission_id, mission_roles.name_key",
        Violation::MissionRoleName,
    ),
    ("mission_roles_quota", "mission_roles_quota", Violation::Quota),
];

/// PostgreSQL: serialization_failure, deadlock_detected, lock_not_available. SQLite: BUSY, LOCKED and their extended
/// codes BUSY_RECOVERY, BUSY_SNAPSHOT, BUSY_TIMEOUT, LOCKED_SHAREDCACHE.
const CONTENTION: [&str; 9] = ["40001", "40P01", "55P03", "5", "6", "261", "517", "773", "262"];

/// PostgreSQL: disk_full.
const DISK_FULL: &str = "53100";

/// SQLite's primary result codes (<https://www.sqlite.org/rescode.html>); the low byte of an extended one.
mod sqlite {
    pub(super) const NOMEM: u32 = 7;
    pub(super) const READONLY: u32 = 8;
    pub(super) const INTERRUPT: u32 = 9;
    pub(super) const IOERR: u32 = 10;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;

    /// Those of IOERR where writing failed: WRITE, FSYNC, DIR_FSYNC, TRUNCATE, SHMOPEN, SHMSIZE. A file that must not grow any
    /// further (a quota, `ulimit -f`) is one of them; FULL is only what the system calls ENOSPC.
    pub(super) const WRITE_FAILED: [u32; 6] = [778, 1034, 1290, 1546, 4618, 4874];
    /// Among them, what failed after everything was written: whether it is durable is unknown.
    pub(super) const SYNC_FAILED: [u32; 2] = [1034, 1290];
}

impl Violation {
    /// The meaning of `error`, when it has one beyond "failed".
    pub fn of(error: &DbErr) -> Option<Self> {
        match error {
            DbErr::ConnectionAcquire(_) => Some(Self::Outage),
            DbErr::Conn(RuntimeErr::SqlxError(e))
            | DbErr::Exec(RuntimeErr::SqlxError(e))
            | DbErr::Query(RuntimeErr::SqlxError(e)) => Self::of_sqlx(e),
            _ => None,
        }
    }

    fn of_sqlx(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Database(e) => {
                let code = e.code().unwrap_or_default();
                if CONTENTION.contains(&code.as_ref()) {
                    return Some(Self::Contention);
                }
                if code.len() == 5 {
                    if let Some(outage) = Self::of_postgres(&code) {
                        return Some(outage);
                    }
                } else if let Some(outage) = code.parse().ok().and_then(Self::of_sqlite) {
                    return Some(outage);
                }
                let constraint = e.constraint();
                NAMES
                    .iter()
                    .find(|(name, sqlite, _)| {
                        constraint.is_some_and(|c| c == *name)
                            || constraint.is_none() && e.message().contains(sqlite)
                    })
                    .map(|(.., violation)| *violation)
            }
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Some(Self::Outage),
            _ => None,
        }
    }

    /// Class 57 is "operator intervention": shutdown, cancelled by a timeout; class 53 is "no resources"; class 58 is
    /// "system error", a disk that cannot be read or written; class 08 is a broken connection, and 3D, 28 and 55000 are what a
    /// server says that does not admit us. A standby, or a server that protects its last room, takes reads only (25006).
    fn of_postgres(code: &str) -> Option<Self> {
        match code {
            DISK_FULL | "25006" => Some(Self::StorageFull),
            "25P03" | "55000" => Some(Self::Outage),
            _ => ["57", "53", "58", "08", "3D", "28"]
                .iter()
                .any(|class| code.starts_with(class))
                .then_some(Self::Outage),
        }
    }

    fn of_sqlite(code: u32) -> Option<Self> {
        match code & 0xff {
            sqlite::FULL | sqlite::READONLY => Some(Self::StorageFull),
            sqlite::IOERR if sqlite::WRITE_FAILED.contains(&code) => Some(Self::StorageFull),
            sqlite::IOERR | sqlite::NOMEM | sqlite::INTERRUPT | sqlite::CANTOPEN => Some(Self::Outage),
            _ => None,
        }
    }
}

/// Whether a failed COMMIT may have been carried out all the same: the connection was lost before its answer, or the disk
/// did not confirm what was written.
pub(super) fn may_be_committed(error: &DbErr) -> bool {
    let sqlx = match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => e,
        _ => return true,
    };
    match &**sqlx {
        sqlx::Error::Database(e) => {
            let code = e.code().unwrap_or_default();
            // Class 57P: the server ended the connection.
            code.starts_with("57P") || code.parse().is_ok_and(|code| sqlite::SYNC_FAILED.contains(&code))
        }
        _ => true,
    }
}

/// Whether a statement failed because its connection had died, perhaps long before: the pool does not ping connections
/// before it lends them, that would cost every statement a round trip.
pub(super) fn connection_died(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(e))
        | DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e)) => match &**e {
            sqlx::Error::Io(_) => true,
            // Class 57: the server ended the connection (a restart, an administrator).
            sqlx::Error::Database(e) => e.code().is_some_and(|code| code.starts_with("57P")),
            _ => false,
        },
        _ => false,
    }
}
