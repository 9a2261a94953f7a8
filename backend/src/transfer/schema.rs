//! Which tables and columns there are, as the database itself tells it: a new migration needs no list here.

use super::TransferError;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Tables that stay behind, and why.
pub const LEFT_BEHIND: [(&str, &str); 2] = [
    ("seaql_migrations", "the steps are in the header, and an import takes them"),
    (
        "list_versions",
        "versions of what is cached; an import makes new ones, under which no cache holds anything",
    ),
];

/// What a column holds, in words that both databases share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Uuid,
    Integer,
    Boolean,
    Text,
    /// JSON of a schema before it was stored as text; only PostgreSQL tells it from text.
    Json,
    Bytes,
}

impl Kind {
    /// By the name of a type in either database.
    fn of(declared: &str) -> Option<Self> {
        Some(match declared {
            "uuid" | "uuid_text" => Self::Uuid,
            "bigint" | "integer" | "smallint" => Self::Integer,
            "boolean" => Self::Boolean,
            "text" | "varchar" | "character varying" | "jsonb_text" => Self::Text,
            "jsonb" => Self::Json,
            "bytea" | "blob" => Self::Bytes,
            _ => return None,
        })
    }

    /// As an export names it: JSON is text.
    pub fn portable(self) -> Self {
        if self == Self::Json { Self::Text } else { self }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// By name: a migration may have made them in another order on the other database.
    pub columns: Vec<Column>,
    /// The primary key, as places in `columns`.
    pub key: Vec<usize>,
}

impl Table {
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }
}

/// An import of an org has to know these rows before any other.
const FIRST: [&str; 2] = ["accounts", "orgs"];

/// The tables that are exported. Each comes after those that it refers to, so that rows can be inserted in this order; the
/// order is the same on both databases.
///
/// # Errors
/// When the database fails, or has a type that no export can hold.
pub async fn tables(db: &impl ConnectionTrait) -> Result<Vec<Table>, TransferError> {
    let mut tables = columns(db).await?;
    let mut references = references(db).await?;
    for (name, _) in LEFT_BEHIND {
        tables.remove(name);
    }
    let mut ordered: Vec<Table> = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let is_free = |name: &&String| {
            let targets = references.get(*name);
            targets.is_none_or(|targets| !targets.iter().any(|target| tables.contains_key(target)))
        };
        let free = tables.keys().filter(is_free).min_by_key(|name| (!FIRST.contains(&name.as_str()), *name));
        let Some(name) = free.cloned() else {
            let circle: Vec<_> = tables.into_keys().collect();
            return Err(TransferError::Refused(format!(
                "the tables {} refer to each other, so no order of their rows can be inserted",
                circle.join(", ")
            )));
        };
        references.remove(&name);
        ordered.extend(tables.remove(&name));
    }
    Ok(ordered)
}

/// The applied steps of the schema, in order.
///
/// # Errors
/// When the database fails.
pub async fn steps(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Columns of a table, and those of its primary key: the place in the key, and among the columns.
type Parts = (Vec<Column>, Vec<(i64, usize)>);

async fn columns(db: &impl ConnectionTrait) -> Result<BTreeMap<String, Table>, TransferError> {
    #[derive(FromQueryResult)]
    struct Found {
        table_name: String,
        column_name: String,
        declared: String,
        /// Its place in the primary key, from 1; 0 outside of it.
        key: i64,
    }
    let sql =
        if db.get_database_backend() == DbBackend::Postgres { COLUMNS_POSTGRES } else { COLUMNS_SQLITE };
    let found =
        Found::find_by_statement(Statement::from_string(db.get_database_backend(), sql)).all(db).await?;
    let mut tables = BTreeMap::<String, Parts>::new();
    for Found { table_name, column_name, declared, key } in found {
        let Some(kind) = Kind::of(&declared) else {
            return Err(TransferError::Refused(format!(
                "the column {column_name} of {table_name} has the type {declared}, which an export does not know"
            )));
        };
        let (columns, keys) = tables.entry(table_name).or_default();
        if key > 0 {
            keys.push((key, columns.len()));
        }
        columns.push(Column { name: column_name, kind });
    }
    let table = |(name, (columns, mut key)): (String, Parts)| {
        key.sort_unstable();
        (name.clone(), Table { name, columns, key: key.into_iter().map(|(_, place)| place).collect() })
    };
    Ok(tables.into_iter().map(table).collect())
}

async fn references(db: &impl ConnectionTrait) -> Result<BTreeMap<String, BTreeSet<String>>, DbErr> {
    let sql = if db.get_database_backend() == DbBackend::Postgres {
        REFERENCES_POSTGRES
    } else {
        REFERENCES_SQLITE
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let mut references = BTreeMap::<String, BTreeSet<String>>::new();
    for row in rows {
        let (from, to) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        if from != to {
            references.entry(from).or_default().insert(to);
        }
    }
    Ok(references)
}

const COLUMNS_SQLITE: &str = r#"
    SELECT t.name AS table_name, c.name AS column_name, lower(c.type) AS declared, c.pk AS "key"
    FROM sqlite_schema t, pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'
    ORDER BY t.name, c.name"#;

/// Without the tables of extensions.
const COLUMNS_POSTGRES: &str = r#"
    SELECT t.relname::text AS table_name, a.attname::text AS column_name, format_type(a.atttypid, NULL) AS declared,
        COALESCE((
            SELECT k.n FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
            WHERE i.indrelid = t.oid AND i.indisprimary AND k.attnum = a.attnum
        ), 0) AS "key"
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND t.relkind = 'r'
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
    ORDER BY t.relname::text COLLATE "C", a.attname::text COLLATE "C""#;

const REFERENCES_SQLITE: &str = r#"
    SELECT DISTINCT t.name, f."table" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'"#;

const REFERENCES_POSTGRES: &str = "
    SELECT DISTINCT t.relname::text, f.relname::text
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
    WHERE c.contype = 'f' AND t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())";
