//! That nothing is forgotten, and nothing goes along that must not.

use super::{cli_of, export, rows};
use crate::support::{Kind, Test, TestDatabase};
use coulisses::transfer::{
    schema::{self, LEFT_BEHIND},
    scope::{EMPTIED, WITHOUT_ROWS},
};
use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet};

/// Each `table.column` of the recorded schema.
fn columns() -> BTreeSet<(&'static str, &'static str)> {
    let recorded = include_str!("../snapshots/it__migrations__schema.snap").lines();
    let column = |line: &'static str| line.strip_prefix("column ")?.split(' ').next()?.split_once('.');
    recorded.filter_map(column).collect()
}

#[rstest]
#[tokio::test]
async fn every_column_of_every_table_is_exported(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let database = TestDatabase::create(db).await;
    let tables = schema::tables(&database.open().await).await.expect("the schema is read");
    let exported: BTreeSet<_> = tables
        .iter()
        .flat_map(|table| table.columns.iter().map(|column| (table.name.as_str(), column.name.as_str())))
        .collect();
    let left = |table: &str| LEFT_BEHIND.iter().any(|(name, _)| *name == table);
    let expected: BTreeSet<_> = columns().into_iter().filter(|(table, _)| !left(table)).collect();
    assert_eq!(exported, expected);
    assert!(tables.iter().all(|table| !table.key.is_empty()), "{tables:?}");
    assert_eq!(
        LEFT_BEHIND.map(|(name, _)| name),
        ["seaql_migrations", "list_versions"],
        "why is one more left?"
    );
}

#[rstest]
#[tokio::test]
async fn both_databases_have_the_same_order(#[values(Kind::Postgres)] db: Kind) {
    let mut of_both = Vec::new();
    for kind in [Kind::Sqlite, db] {
        let database = TestDatabase::create(kind).await;
        of_both.push(schema::tables(&database.open().await).await.expect("the schema is read"));
    }
    assert_eq!(of_both[0], of_both[1]);
}

/// A column that sounds like a secret is left out of an org's export, or named here.
#[test]
fn what_signs_somebody_in_is_left_out_of_an_orgs_export() {
    let left = |table: &str| WITHOUT_ROWS.iter().chain(&LEFT_BEHIND).any(|(name, _)| *name == table);
    let emptied =
        |table: &str, column: &str| EMPTIED.iter().any(|known| (known.0, known.1) == (table, column));
    for (table, column) in columns() {
        let sounds =
            ["hash", "token", "secret", "password", "session"].iter().any(|word| column.contains(word));
        assert!(!sounds || left(table) || emptied(table, column), "{table}.{column}");
    }
    let columns = columns();
    let tables: BTreeSet<_> = columns.iter().map(|(table, _)| *table).collect();
    assert!(WITHOUT_ROWS.iter().all(|(table, _)| tables.contains(table)));
    assert!(EMPTIED.iter().all(|(table, column, _)| columns.contains(&(*table, *column))));
}

/// Its footer counts what is in the database.
#[rstest]
#[tokio::test]
async fn all_rows_are_there(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    // More than are read at once.
    let mission = serde_json::json!({ "title": "x", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T09:00:00Z" });
    let project = manager.project("Été").await;
    for _ in 0..3 {
        let many: Vec<_> = std::iter::repeat_n(mission.clone(), 501).collect();
        manager.post(&format!("/projects/{project}/missions:bulk_create"), many.into()).await.ok();
    }
    let cli = cli_of(&test);
    let (file, _) = export(&cli, "counted.jsonl");
    let mut counts = BTreeMap::new();
    for table in ["missions", "accounts", "audit_log", "sessions"] {
        let there = test.count(&format!("SELECT count(*) AS n FROM {table}")).await;
        let exported = rows(&file, table);
        let ids: BTreeSet<_> = exported.iter().map(|row| row["id"].to_string()).collect();
        assert_eq!((exported.len(), ids.len()), (there as usize, there as usize), "{table}");
        counts.insert(table, there);
    }
    assert_eq!(counts["missions"], 1503);
}
