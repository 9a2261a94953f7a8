//! Removing all rows of an org.

use super::{TransferError, schema};
use crate::{db::Tx, ids::OrgId};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// Tables whose rows of an org stay, and why.
pub const KEPT: [(&str, &str); 3] = [
    ("audit_log", "what happened stays on record"),
    ("audit_details", "they are emptied, because entries and details are never deleted"),
    ("sessions", "they belong to an account, which may be a member of another org"),
];

/// How long the writers of all orgs may be waited for.
const PATIENCE: &str = "SET LOCAL lock_timeout = '10s'";

/// Which tables writers come to first and last. Others have no order among them, but those that are referred to come first.
fn turn(table: &str) -> u8 {
    match table {
        "idempotency_keys" => 0,
        "mails" | "mail_items" | "mail_notices" => 2,
        "jobs" => 3,
        "audit_log" => 4,
        "audit_details" => 5,
        "list_versions" => 6,
        _ => 1,
    }
}

/// Keeps everybody else from writing to the tables of orgs, the audit log included, until the transaction ends. They are locked in
/// the order of writers: whoever has begun is waited for, and whoever begins waits at the first of them. Whoever reads goes on. On
/// SQLite no other transaction writes anyway.
///
/// # Errors
/// When the database fails, or somebody else writes for more than ten seconds.
pub async fn hold_still(tx: &Tx) -> Result<(), TransferError> {
    if tx.get_database_backend() == DbBackend::Sqlite {
        return Ok(());
    }
    let mut tables = of_orgs(tx).await?;
    tables.extend(["audit_log", "audit_details"].map(str::to_owned));
    tables.sort_by_key(|table| turn(table));
    let names: Vec<_> = tables.iter().map(|name| format!("\"{name}\"")).collect();
    tx.execute_unprepared(PATIENCE).await?;
    tx.execute_unprepared(&format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "))).await?;
    Ok(())
}

/// Removes the org's rows from all tables but [`KEPT`], and returns how many. The org's own row stays.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &Tx, org: OrgId) -> Result<u64, TransferError> {
    let mut removed = 0;
    // Whoever refers to a row goes before it.
    for table in of_orgs(tx).await?.iter().rev() {
        let sql = format!("DELETE FROM \"{table}\" WHERE org_id = $1");
        let delete = Statement::from_sql_and_values(tx.get_database_backend(), sql, [org.into()]);
        removed += tx.execute_raw(delete).await?.rows_affected();
    }
    Ok(removed)
}

/// The tables with rows of orgs that go.
async fn of_orgs(tx: &Tx) -> Result<Vec<String>, TransferError> {
    let tables = schema::tables(tx).await?;
    let of_orgs = tables.into_iter().filter(|table| table.place("org_id").is_some()).map(|table| table.name);
    let stays = |name: &String| KEPT.iter().any(|(kept, _)| kept == name);
    // No export has it.
    Ok(of_orgs.filter(|name| !stays(name)).chain(["list_versions".to_owned()]).collect())
}
