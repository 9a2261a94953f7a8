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
                // Class 57 is "operator intervention": shutdown, cancelled by a timeout; class 53 is "no resources".
                if code.len() == 5 && (code.starts_with("57") || code.starts_with("53") || code == "25P03") {
                    return Some(Self::Outage);
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
