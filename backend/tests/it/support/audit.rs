//! The audit log, as a test reads it.

use super::Test;
use serde_json::Value as Json;

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// What was done.
    pub action: String,
    /// By an account, an invitation or the system.
    pub actor_kind: String,
    /// The object before; null when there was none.
    pub before: Json,
    /// The object after; null when there is none.
    pub after: Json,
}

impl Test {
    /// How many entries there are.
    pub async fn audit_count(&self) -> i64 {
        self.count("SELECT count(*) AS n FROM audit_log").await
    }

    /// The entries of one action.
    pub async fn audit(&self, action: &str) -> Vec<AuditEntry> {
        use sea_orm::{ConnectionTrait, Statement};
        let sql = format!(
            "SELECT l.action, l.actor_kind, CAST(d.before AS text) AS was, CAST(d.after AS text) AS became
            FROM audit_log l LEFT JOIN audit_details d ON d.audit_id = l.id
            WHERE l.action = '{action}' ORDER BY l.created_at, l.id"
        );
        let statement = Statement::from_string(self.app.db.get_database_backend(), sql);
        let rows = self.app.db.query_all_raw(statement).await.expect("the audit log is read");
        let json =
            |text: Option<String>| text.map_or(Json::Null, |text| serde_json::from_str(&text).expect("JSON"));
        let entry = |row: sea_orm::QueryResult| AuditEntry {
            action: row.try_get("", "action").expect("an action"),
            actor_kind: row.try_get("", "actor_kind").expect("an actor"),
            before: json(row.try_get("", "was").expect("a text")),
            after: json(row.try_get("", "became").expect("a text")),
        };
        rows.into_iter().map(entry).collect()
    }
}
