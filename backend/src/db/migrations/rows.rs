//! How many rows a step goes through, and which of them are lost when it is taken back. Each step says so itself.

use super::{Database, Migrator};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement};
use sea_orm_migration::{MigrationTrait, SchemaManager};
use serde::Serialize;

/// A step of the schema.
pub(super) trait Step: MigrationTrait {
    /// What it does with rows.
    fn rows(&self) -> Rows;
}

/// What a step does with rows.
pub(super) struct Rows {
    /// The tables that it creates: taking it back loses their rows.
    pub creates: &'static [&'static str],
    /// Whose rows it reads, rewrites or builds an index of: how long it takes grows with them.
    pub goes_through: &'static [&'static str],
    /// What else is lost when it is taken back.
    pub also_loses: Option<AlsoLost>,
}

/// Rows of a table that stays, which the schema before a step cannot represent.
pub(super) struct AlsoLost {
    pub table: &'static str,
    pub condition: &'static str,
    /// What such a row is, of which there may be one.
    pub thing: &'static str,
    /// What happens to it, behind its name.
    pub fate: &'static str,
}

impl Rows {
    /// Nothing: columns with a default, triggers, checks that are not run on what is there.
    pub const NONE: Self = Self { creates: &[], goes_through: &[], also_loses: None };
}

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
    for step in Migrator::steps().iter().filter(|known| known.name() == step) {
        for &table in step.rows().goes_through {
            let rows = if manager.has_table(table).await? { count(db, table).await? } else { 0 };
            all.push(TableRows { table, rows });
        }
    }
    Ok(all)
}

/// One line for each table with rows that taking back `steps` would lose, and for what they would lose of others.
///
/// # Errors
/// When the database fails.
pub async fn losses(db: &Database, steps: &[String]) -> Result<Vec<String>, DbErr> {
    let plural = |rows| if rows == 1 { "" } else { "s" };
    let mut lines = Vec::new();
    for step in Migrator::steps().iter().filter(|step| steps.iter().any(|name| name == step.name())) {
        let (name, Rows { creates, also_loses, .. }) = (step.name(), step.rows());
        for table in creates {
            let rows = count(db, table).await?;
            if rows > 0 {
                lines.push(format!("{name}: {rows} row{} of {table}", plural(rows)));
            }
        }
        if let Some(AlsoLost { table, condition, thing, fate }) = also_loses {
            let rows = count(db, &format!("{table} WHERE {condition}")).await?;
            if rows > 0 {
                lines.push(format!("{name}: {rows} {thing}{}{fate}", plural(rows)));
            }
        }
    }
    Ok(lines)
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
    use sea_orm_migration::MigratorTrait;
    use std::collections::BTreeSet;

    async fn tables(db: &impl ConnectionTrait) -> BTreeSet<String> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'seaql_migrations'
            AND name NOT LIKE 'sqlite_%'";
        let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        found.expect("tables").iter().map(|row| row.try_get_by_index(0).expect("a name")).collect()
    }

    #[tokio::test]
    async fn each_step_says_which_tables_it_creates_and_goes_through_those_that_are_there() {
        let mut one = sea_orm::ConnectOptions::new("sqlite::memory:");
        one.max_connections(1);
        let db = sea_orm::Database::connect(one).await.expect("a database in memory");
        let mut there = BTreeSet::new();
        for step in Migrator::steps() {
            let (name, rows) = (step.name(), step.rows());
            for table in rows.goes_through {
                assert!(there.contains(*table), "{name} goes through {table}");
            }
            Migrator::up(&db, Some(1)).await.expect("a step");
            let after = tables(&db).await;
            let created: BTreeSet<_> = after.difference(&there).map(String::as_str).collect();
            assert_eq!(rows.creates.iter().copied().collect::<BTreeSet<_>>(), created, "{name}");
            there = after;
        }
        assert!(there.len() > 20, "{there:?}");
    }
}
