//! The product's statements, as `log_statement = all` shows them. A change of the product's is repeated here: what is
//! measured is the same work, done by less.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

/// Whether the session lives, what its account may do in the org, and which version its lists have: org, session, account,
/// now. The product lets requests that begin together share one statement; here each has its own.
pub(crate) const AUTHORITY: &str = r#"
SELECT org_memberships.role AS role, users.id AS user_id, list_versions.projects, list_versions.missions
FROM sessions
INNER JOIN accounts ON accounts.id = sessions.account_id
LEFT JOIN org_memberships ON org_memberships.org_id = $1 AND org_memberships.account_id = sessions.account_id
    AND org_memberships.is_active = TRUE AND org_memberships.proven_at IS NOT NULL
LEFT JOIN users ON users.org_id = $1 AND users.account_id = sessions.account_id
LEFT JOIN list_versions ON list_versions.org_id = $1
WHERE sessions.id = $2 AND sessions.account_id = $3 AND sessions.revoked_at IS NULL AND sessions.expires_at > $4
    AND accounts.is_active = TRUE"#;

/// One mission: org, mission.
pub(crate) static ONE: LazyLock<String> =
    LazyLock::new(|| missions("WHERE missions.org_id = $1 AND missions.id = $2"));

/// Missions that end after an instant, by start: org, instant, instant less the longest period, rows.
pub(crate) static LIST: LazyLock<String> = LazyLock::new(|| {
    missions(
        "WHERE missions.org_id = $1 AND (missions.ends_at > $2 AND missions.starts_at > $3)
        ORDER BY missions.starts_at ASC, missions.id ASC LIMIT $4",
    )
});

/// Missions with their roles, and how many people are on each. What may be long comes with the first role only.
fn missions(chosen: &str) -> String {
    let count = |status: &str| {
        format!(
            "(SELECT COUNT(*) FROM assignments WHERE assignments.org_id = $1
            AND assignments.mission_role_id = r.id AND assignments.status = '{status}')"
        )
    };
    let long = |column: &str| {
        format!("(CASE WHEN (r.position IS NULL OR r.position = 0) THEN m.{column} END) AS {column}")
    };
    format!(
        "SELECT m.id, m.project_id, m.title, m.starts_at, m.ends_at, m.timezone, m.cancelled_at, m.created_at,
            m.updated_at, {location}, {note}, r.id AS role_id, r.role_name, r.quota, {invited} AS invited,
            {accepted} AS accepted
        FROM (SELECT {MISSION} FROM missions {chosen}) AS m
        LEFT JOIN mission_roles AS r ON r.org_id = $1 AND r.mission_id = m.id
        ORDER BY m.starts_at ASC, m.id ASC, r.position ASC",
        location = long("location"),
        note = long("note"),
        invited = count("INVITED"),
        accepted = count("ACCEPTED"),
    )
}

const MISSION: &str = "missions.org_id, missions.id, missions.project_id, missions.title, missions.search,
    missions.location, missions.starts_at, missions.ends_at, missions.timezone, missions.note, missions.cancelled_at,
    missions.created_at, missions.updated_at";

const ASSIGNMENT: &str = "assignments.org_id, assignments.id, assignments.mission_id, assignments.user_id,
    assignments.mission_role_id, assignments.status, assignments.note, assignments.decline_reason,
    assignments.conflict_override, assignments.starts_at, assignments.ends_at, assignments.created_at,
    assignments.updated_at";

/// Org, invitation.
pub(crate) const INVITATION: &str = "
SELECT org_id, id, assignment_id, token_hash, email, expires_at, answered_at, answer, revoked_at, created_at, updated_at
FROM invitations WHERE org_id = $1 AND id = $2 LIMIT 1";

/// The same, and nobody else answers it until the transaction ends.
pub(crate) static INVITATION_HELD: LazyLock<String> =
    LazyLock::new(|| format!("{INVITATION} FOR NO KEY UPDATE"));

/// Org, assignment.
pub(crate) static CALL: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {ASSIGNMENT} FROM assignments WHERE org_id = $1 AND id = $2 LIMIT 1"));

/// The same, and it stays as it is until the transaction ends.
pub(crate) static CALL_HELD: LazyLock<String> = LazyLock::new(|| format!("{} FOR NO KEY UPDATE", *CALL));

/// A mission that stays as it is: org, mission.
pub(crate) static MISSION_KEPT: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {MISSION} FROM missions WHERE org_id = $1 AND id = $2 LIMIT 1 FOR SHARE")
});

/// Org, user.
pub(crate) const USER_HELD: &str = "
SELECT org_id, id, first_name, last_name, sort_key, name_search, email, contact_search, phone, employment_type, bio,
    rate_profile, active, account_id, legal_ids, documents, created_at, updated_at
FROM users WHERE org_id = $1 AND id = $2 LIMIT 1 FOR NO KEY UPDATE";

/// An assignment as it is shown: org, assignment.
pub(crate) static SHOWN: LazyLock<String> = LazyLock::new(|| {
    format!("{} WHERE assignments.org_id = $1 AND assignments.id = $2 LIMIT 1", shown_from())
});

/// What a person has accepted meanwhile: org, user, end, start, start less the longest period, mission.
pub(crate) const CLASHES: &str = "
SELECT assignments.id, assignments.user_id, assignments.mission_id, assignments.starts_at, assignments.ends_at,
    missions.title
FROM assignments
INNER JOIN missions ON assignments.org_id = missions.org_id AND assignments.mission_id = missions.id
    AND missions.org_id = $1
WHERE assignments.org_id = $1 AND assignments.user_id IN ($2) AND assignments.status = 'ACCEPTED'
    AND assignments.starts_at < $3 AND assignments.ends_at > $4 AND assignments.starts_at > $5
    AND assignments.mission_id <> $6
ORDER BY assignments.starts_at ASC, assignments.id ASC LIMIT 101";

fn shown_from() -> String {
    format!(
        "SELECT {ASSIGNMENT}, missions.title AS mission_title, projects.name AS project_title, users.first_name,
            users.last_name
        FROM assignments
        INNER JOIN missions ON assignments.org_id = missions.org_id AND assignments.mission_id = missions.id
            AND missions.org_id = $1
        INNER JOIN users ON assignments.org_id = users.org_id AND assignments.user_id = users.id
            AND users.org_id = $1
        LEFT JOIN projects ON missions.org_id = projects.org_id AND missions.project_id = projects.id
            AND projects.org_id = $1"
    )
}

/// Role, now, org, assignment.
pub(crate) const ACCEPT_ASSIGNMENT: &str = "
UPDATE assignments SET mission_role_id = $1, status = 'ACCEPTED', decline_reason = NULL, conflict_override = NULL,
    updated_at = $2
WHERE org_id = $3 AND id = $4";

/// Now, org, invitation.
pub(crate) const ACCEPT_INVITATION: &str = "
UPDATE invitations SET answer = 'ACCEPTED', answered_at = $1, updated_at = $1 WHERE org_id = $2 AND id = $3";

/// Org.
pub(crate) const ORG: &str =
    "SELECT id, name, name_key, timezone, created_at, updated_at FROM orgs WHERE id = $1 LIMIT 1";

/// Org, project.
pub(crate) const PROJECT_KEPT: &str = "
SELECT org_id, id, name, name_key, name_search, status, starts_at, ends_at, note, created_at, updated_at
FROM projects WHERE org_id = $1 AND id = $2 LIMIT 1 FOR KEY SHARE";

/// The last statement of a write to what the list of missions shows: org, version.
pub(crate) const CHANGED: &str = "
INSERT INTO list_versions (org_id, missions) VALUES ($1, $2)
ON CONFLICT (org_id) DO UPDATE SET missions = excluded.missions";

/// A table and the columns that an INSERT fills.
pub(crate) struct Columns {
    table: &'static str,
    pub(crate) columns: &'static [&'static str],
    /// The text of an INSERT for the usual number of rows: making it takes longer than sending it.
    usual: OnceLock<String>,
}

/// Rows of a bulk request at most, and those of the measured one.
const USUAL: usize = 1000;

pub(crate) static MISSIONS: Columns = Columns::of(
    "missions",
    &[
        "org_id",
        "id",
        "project_id",
        "search",
        "title",
        "location",
        "starts_at",
        "ends_at",
        "timezone",
        "note",
        "cancelled_at",
        "created_at",
        "updated_at",
    ],
);
pub(crate) static ROLES: Columns = Columns::of(
    "mission_roles",
    &["org_id", "id", "mission_id", "name_key", "role_name", "quota", "position", "created_at"],
);
pub(crate) static AUDIT: Columns = Columns::of(
    "audit_log",
    &[
        "id",
        "org_id",
        "actor_kind",
        "actor_id",
        "action",
        "object_type",
        "object_id",
        "request_id",
        "created_at",
    ],
);
pub(crate) static DETAILS: Columns =
    Columns::of("audit_details", &["org_id", "audit_id", "before", "after", "created_at"]);

impl Columns {
    const fn of(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, columns, usual: OnceLock::new() }
    }

    /// One INSERT of so many rows.
    pub(crate) fn insert(&self, rows: usize) -> Cow<'_, str> {
        if rows == USUAL { self.usual.get_or_init(|| self.text(rows)).into() } else { self.text(rows).into() }
    }

    fn text(&self, rows: usize) -> String {
        let width = self.columns.len();
        let row = |row: usize| {
            let values: Vec<_> = (row * width + 1..=(row + 1) * width).map(|n| format!("${n}")).collect();
            format!("({})", values.join(", "))
        };
        let rows: Vec<_> = (0..rows).map(row).collect();
        format!("INSERT INTO {} ({}) VALUES {}", self.table, self.columns.join(", "), rows.join(", "))
    }
}
