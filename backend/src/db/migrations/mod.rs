//! The schema, one step per file, up and down, written once for both databases.
//!
//! Conventions: a planning row belongs to one org and its key is `(org_id, id)`, so every foreign key carries the org
//! and the database itself refuses a reference across orgs; constraints and triggers are named, and
//! [`crate::db::Violation`] gives each its meaning. Where the dialects must differ (triggers, exclusion constraints) a
//! step holds both texts side by side.

mod m20261123_000001_accounts;
mod m20261123_000002_planning;
mod m20261123_000003_guards;
mod m20261123_000004_audit;
mod m20261123_000005_idempotency;
mod m20261123_000006_accepted;
mod m20261123_000007_overridden;
mod m20261123_000008_list_versions;
mod m20261126_000009_json_as_text;

use super::Database;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, TransactionTrait};
use sea_orm_migration::{prelude::*, schema};

/// All steps in order.
pub struct Migrator;

#[sea_orm::prelude::async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_accounts::Migration),
            Box::new(m20261123_000002_planning::Migration),
            Box::new(m20261123_000003_guards::Migration),
            Box::new(m20261123_000004_audit::Migration),
            Box::new(m20261123_000005_idempotency::Migration),
            Box::new(m20261123_000006_accepted::Migration),
            Box::new(m20261123_000007_overridden::Migration),
            Box::new(m20261123_000008_list_versions::Migration),
            Box::new(m20261126_000009_json_as_text::Migration),
        ]
    }
}

/// Which tables each step brought: what is in them is lost when it is taken back.
const TABLES: [(&str, &[&str]); 4] = [
    ("m20261123_000001_accounts", &["orgs", "accounts", "org_memberships", "sessions", "password_tokens"]),
    (
        "m20261123_000002_planning",
        &[
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
    ),
    ("m20261123_000004_audit", &["audit_log", "audit_details"]),
    ("m20261123_000005_idempotency", &["idempotency_keys"]),
];

/// A number that no other program is likely to lock: "coulisse" in ASCII.
const LOCK: i64 = i64::from_be_bytes(*b"coulisse");

/// Applies what is missing, `steps` at most. Of several processes that start at once, one migrates and the others wait.
///
/// # Errors
/// When a step fails: on both databases it is then undone as a whole.
pub async fn up(db: &Database, steps: Option<u32>) -> Result<(), DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        // SQLite: steps run in transactions of their own, and the loser of a race finds its step applied.
        return Migrator::up(db.connection(), steps).await;
    }
    // The lock belongs to a transaction that does nothing else, so it ends with it however the steps end.
    let holder = db.connection().begin().await?;
    holder
        .execute_raw(Statement::from_string(
            DbBackend::Postgres,
            format!("SELECT pg_advisory_xact_lock({LOCK})"),
        ))
        .await?;
    let outcome = Migrator::up(db.connection(), steps).await;
    holder.commit().await?;
    outcome
}

/// One line for each table with rows that taking back `steps` would lose.
///
/// # Errors
/// When the database fails.
pub async fn losses(db: &Database, steps: &[String]) -> Result<Vec<String>, DbErr> {
    #[derive(FromQueryResult)]
    struct Count {
        rows: i64,
    }
    let mut lines = Vec::new();
    for (step, tables) in TABLES {
        if !steps.iter().any(|name| name == step) {
            continue;
        }
        for table in tables {
            let sql = format!("SELECT count(*) AS \"rows\" FROM {table}");
            let counted = Count::find_by_statement(Statement::from_string(db.get_database_backend(), sql))
                .one(db)
                .await?;
            let rows = counted.map_or(0, |count| count.rows);
            if rows > 0 {
                lines.push(format!("{step}: {rows} row{} of {table}", if rows == 1 { "" } else { "s" }));
            }
        }
    }
    Ok(lines)
}

/// A step's short description of a table: columns first, then constraints.
fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(name).take()
}

fn id(name: &'static str) -> ColumnDef {
    schema::uuid(name)
}

fn id_null(name: &'static str) -> ColumnDef {
    schema::uuid_null(name)
}

/// Microseconds since the Unix epoch; see [`crate::db::Timestamp`].
fn instant(name: &'static str) -> ColumnDef {
    schema::big_integer(name)
}

fn instant_null(name: &'static str) -> ColumnDef {
    schema::big_integer_null(name)
}

fn text(name: &'static str) -> ColumnDef {
    schema::text(name)
}

fn text_null(name: &'static str) -> ColumnDef {
    schema::text_null(name)
}

/// A text that only takes the listed values.
fn one_of(name: &'static str, values: &[&'static str]) -> ColumnDef {
    schema::text(name).check(Expr::col(name).is_in(values.iter().copied())).take()
}

fn primary_key(columns: &[&'static str]) -> IndexCreateStatement {
    columns.iter().fold(Index::create(), |mut key, column| key.col(*column).take())
}

/// `columns` of this table refer to `target_columns` of `target`.
fn refers(
    name: &'static str,
    columns: &[&'static str],
    target: &'static str,
    target_columns: &[&'static str],
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create().name(name).to_tbl(target).take();
    for column in columns {
        key.from_col(*column);
    }
    for column in target_columns {
        key.to_col(*column);
    }
    key
}

/// An index of the same text in both dialects; `columns` may end with a WHERE clause behind the parenthesis.
async fn index(manager: &SchemaManager<'_>, name: &str, columns: &str) -> Result<(), DbErr> {
    let (unique, name) = name.strip_prefix("unique ").map_or(("", name), |name| ("UNIQUE ", name));
    manager.get_connection().execute_unprepared(&format!("CREATE {unique}INDEX {name} ON {columns}")).await?;
    Ok(())
}

/// Statements whose text must differ between the dialects.
async fn dialect(manager: &SchemaManager<'_>, postgres: &str, sqlite: &str) -> Result<(), DbErr> {
    let sql = if manager.get_database_backend() == DbBackend::Postgres { postgres } else { sqlite };
    manager.get_connection().execute_unprepared(sql).await?;
    Ok(())
}

async fn drop_tables(manager: &SchemaManager<'_>, names: &[&'static str]) -> Result<(), DbErr> {
    for name in names {
        manager.drop_table(Table::drop().table(*name).take()).await?;
    }
    Ok(())
}
