//! What planners read of the audit log (`GET /activity`): an entry says itself what it tells them and of which mission, project and
//! person, because its details may be emptied and are no key to search by. And the questions of an outbox: whom nobody asked, who does
//! not answer.

use super::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

impl Step for Migration {
    fn rows(&self) -> Rows {
        Rows {
            goes_through: &["audit_log", "assignments", "invitations"],
            also_loses: Some(AlsoLost {
                table: "audit_log",
                condition: "activity IS NOT NULL",
                thing: "line",
                fate: " of GET /activity; the audit log keeps the entries",
            }),
            ..Rows::NONE
        }
    }
}

#[sea_orm::prelude::async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands(manager, &[LOCK], &[]).await?;
        for column in columns() {
            manager.alter_table(Table::alter().table("audit_log").add_column(column).take()).await?;
        }
        for (name, columns) in INDEXES {
            index(manager, name, columns).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        commands(manager, &[LOCK], &[]).await?;
        for (name, _) in INDEXES {
            command(manager, &format!("DROP INDEX {name}")).await?;
        }
        for column in columns() {
            let name = column.get_column_name();
            manager.alter_table(Table::alter().table("audit_log").drop_column(name).take()).await?;
        }
        Ok(())
    }
}

/// All that the step changes, at once and in the order of writers, as in the 21st step: they write the audit log last. Were it locked
/// first, the step and a writer would wait for each other.
const LOCK: &str = "LOCK TABLE assignments, invitations, audit_log IN ACCESS EXCLUSIVE MODE";

/// Without a CHECK: a distributed table takes no new column that has one.
fn columns() -> [ColumnDef; 4] {
    [text_null("activity"), id_null("mission_id"), id_null("project_id"), id_null("user_id")]
}

const INDEXES: [(&str, &str); 5] = [
    ("audit_log_activity", "audit_log (org_id, created_at, id) WHERE activity IS NOT NULL"),
    (
        "audit_log_activity_of_mission",
        "audit_log (org_id, mission_id, created_at, id) WHERE activity IS NOT NULL",
    ),
    (
        "audit_log_activity_of_project",
        "audit_log (org_id, project_id, created_at, id) WHERE activity IS NOT NULL",
    ),
    ("assignments_invited", "assignments (org_id, starts_at, id) WHERE status = 'INVITED'"),
    (
        "invitations_unanswered",
        "invitations (org_id, created_at, id) WHERE answer IS NULL AND revoked_at IS NULL",
    ),
];
