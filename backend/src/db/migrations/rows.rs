//! How many rows a step goes through, and which of them are lost when it is taken back.

use super::Database;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use sea_orm_migration::SchemaManager;
use serde::Serialize;

/// What a step does with rows.
struct Step {
    name: &'static str,
    /// Taking it back loses their rows.
    creates: &'static [&'static str],
    /// Whose rows it reads, rewrites or builds an index of: how long it takes grows with them.
    goes_through: &'static [&'static str],
}

/// Every step, in order.
const STEPS: [Step; 21] = [
    Step {
        name: "m20261123_000001_accounts",
        creates: &["orgs", "accounts", "org_memberships", "sessions", "password_tokens"],
        goes_through: &[],
    },
    Step {
        name: "m20261123_000002_planning",
        creates: &[
            "users",
            "user_skills",
            "user_tags",
            "availabilities",
            "projects",
            "missions",
            "mission_roles",
            "assignments",
            "invitations",
        ],
        goes_through: &[],
    },
    Step { name: "m20261123_000003_guards", creates: &[], goes_through: &["assignments", "availabilities"] },
    Step { name: "m20261123_000004_audit", creates: &["audit_log", "audit_details"], goes_through: &[] },
    Step { name: "m20261123_000005_idempotency", creates: &["idempotency_keys"], goes_through: &[] },
    Step { name: "m20261123_000006_accepted", creates: &[], goes_through: &["assignments"] },
    Step { name: "m20261123_000007_overridden", creates: &[], goes_through: &["assignments"] },
    Step { name: "m20261123_000008_list_versions", creates: &[], goes_through: &["orgs"] },
    Step { name: "m20261126_000009_json_as_text", creates: &[], goes_through: &["audit_details", "users"] },
    Step { name: "m20261126_000011_pages", creates: &[], goes_through: &["users", "assignments"] },
    Step {
        name: "m20261126_000013_canonical_keys",
        creates: &[],
        goes_through: &["orgs", "accounts", "projects", "mission_roles", "user_skills", "user_tags"],
    },
    Step {
        name: PENDING_MEMBERSHIPS,
        creates: &["membership_links"],
        goes_through: &["org_memberships", "password_tokens"],
    },
    // Triggers, and checks that are not run on what is there.
    Step { name: "m20261126_000015_replacing", creates: &[], goes_through: &[] },
    Step { name: "m20261126_000016_calendar_days", creates: &[], goes_through: &[] },
    Step { name: "m20261126_000017_search", creates: &[], goes_through: &["projects", "missions", "users"] },
    Step { name: "m20261127_000018_jobs", creates: &["jobs"], goes_through: &[] },
    // New columns with a default rewrite nothing in either database.
    Step { name: "m20261127_000019_mail", creates: &["mails", "mail_items"], goes_through: &[] },
    Step {
        name: "m20261127_000020_changes",
        creates: &["mail_notices"],
        goes_through: &["assignments", "invitations", "orgs"],
    },
    Step {
        name: "m20261127_000021_by_org",
        creates: &[],
        goes_through: &["invitations", "assignments", "audit_log", "audit_details"],
    },
    Step { name: DELETED_ORGS, creates: &[], goes_through: &[] },
    Step { name: "m20261127_000023_planning", creates: &[], goes_through: &["list_versions"] },
];

const DELETED_ORGS: &str = "m20261127_000022_deleted_orgs";
const PENDING_MEMBERSHIPS: &str = "m20261126_000014_pending_memberships";

/// Memberships that a schema without pending ones cannot represent: all unproven ones but that of a new account that waits
/// for its first password. They are deleted: if only deactivated, they would count as proven after the next migration up.
pub(super) const TOO_NEW: &str = "proven_at IS NULL AND (
    EXISTS (SELECT 1 FROM accounts a WHERE a.id = org_memberships.account_id AND a.password_hash IS NOT NULL)
    OR EXISTS (SELECT 1 FROM org_memberships o WHERE o.account_id = org_memberships.account_id
        AND o.org_id <> org_memberships.org_id))";

/// How many rows a table has.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct TableRows {
    pub table: &'static str,
    pub rows: i64,
}

/// The rows that a step will go through, as many as there are now; a table that an earlier step will create has none yet.
///
/// # Errors
/// When the database fails.
pub async fn gone_through(db: &Database, step: &str) -> Result<Vec<TableRows>, DbErr> {
    let manager = SchemaManager::new(db.connection());
    let mut all = Vec::new();
    for &table in of(step).map_or(&[][..], |step| step.goes_through) {
        let rows = if manager.has_table(table).await? { count(db, table).await? } else { 0 };
        all.push(TableRows { table, rows });
    }
    Ok(all)
}

/// One line for each table with rows that taking back `steps` would lose, one for pending memberships, and one for deleted orgs.
///
/// # Errors
/// When the database fails.
pub async fn losses(db: &Database, steps: &[String]) -> Result<Vec<String>, DbErr> {
    let plural = |rows| if rows == 1 { "" } else { "s" };
    let mut lines = Vec::new();
    for Step { name, creates, .. } in STEPS.iter().filter(|step| steps.iter().any(|name| name == step.name)) {
        for table in *creates {
            let rows = count(db, table).await?;
            if rows > 0 {
                lines.push(format!("{name}: {rows} row{} of {table}", plural(rows)));
            }
        }
        if *name == PENDING_MEMBERSHIPS {
            let rows = count(db, &format!("org_memberships WHERE {TOO_NEW}")).await?;
            if rows > 0 {
                lines.push(format!("{name}: {rows} pending membership{}, to be removed", plural(rows)));
            }
        }
        if *name == DELETED_ORGS {
            let rows = count(db, "orgs WHERE deleted_at IS NOT NULL").await?;
            if rows > 0 {
                lines.push(format!(
                    "{name}: {rows} org{} that would not count as deleted any more",
                    plural(rows)
                ));
            }
        }
    }
    Ok(lines)
}

fn of(step: &str) -> Option<&'static Step> {
    STEPS.iter().find(|known| known.name == step)
}

async fn count(db: &Database, from: &str) -> Result<i64, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        rows: i64,
    }
    let sql = format!("SELECT count(*) AS \"rows\" FROM {from}");
    let counted = Count::find_by_statement(Statement::from_string(db.get_database_backend(), sql));
    Ok(counted.one(db).await?.map_or(0, |count| count.rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::migrations::Migrator;
    use sea_orm_migration::MigratorTrait;

    #[test]
    fn every_step_is_listed() {
        let steps = Migrator::migrations();
        let names: Vec<_> = steps.iter().map(|step| step.name()).collect();
        assert_eq!(STEPS.map(|step| step.name).to_vec(), names);
    }
}
