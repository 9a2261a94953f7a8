//! Changing what SQLite keeps of a table without building the table anew.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Replaces a text in the definitions of tables and triggers; says in how many. Only for what changes no row and no index: a
/// check, a foreign key, the code of a trigger.
///
/// The way that SQLite gives for checks (<https://www.sqlite.org/lang_altertable.html>, section 8): what stands on disk stays
/// the same, and no row that refers to these tables is touched. The new version makes other connections read the schema
/// again, the reset this one.
pub(super) async fn reword(db: &impl ConnectionTrait, old: &str, new: &str) -> Result<u64, DbErr> {
    let version =
        db.query_one_raw(Statement::from_string(DbBackend::Sqlite, "PRAGMA schema_version")).await?;
    let version: i64 =
        version.ok_or_else(|| DbErr::Custom("SQLite gave no schema_version".into()))?.try_get_by(0)?;
    db.execute_unprepared("PRAGMA writable_schema = ON").await?;
    let update =
        format!("UPDATE sqlite_schema SET sql = replace(sql, '{old}', '{new}') WHERE sql LIKE '%{old}%'");
    let replaced = db.execute_unprepared(&update).await?.rows_affected();
    db.execute_unprepared(&format!("PRAGMA schema_version = {}", version + 1)).await?;
    db.execute_unprepared("PRAGMA writable_schema = RESET").await?;
    Ok(replaced)
}
