//! Writing an export: from one snapshot, in parts, so that it takes as little memory for a million rows as for a hundred.

use super::{
    Moved, Progress, TransferError,
    cell::Cell,
    format::{self, Footer, Header, Layout, Scope},
    schema::{self, Kind, Table},
    scope,
};
use crate::{db::Database, timestamp::Timestamp};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value as SqlValue};
use sha2::{Digest, Sha256};
use std::io::Write;

/// Rows that are read at once, at first and at most.
const FIRST_ROWS: usize = 500;
const MOST_ROWS: usize = 5000;
/// About how many bytes are read at once: large rows are read a few at a time.
const BYTES: usize = 2 << 20;

/// Writes an export. The database may be in use: what is written meanwhile is not in it. Its schema may be an older one.
///
/// # Errors
/// When the database fails, `out` cannot be written, or there is no such org.
pub async fn export(
    db: &Database,
    scope: Scope,
    now: Timestamp,
    out: &mut (dyn Write + Send),
    progress: Progress<'_>,
) -> Result<Moved, TransferError> {
    export_from(&db.read().await?, scope, now, out, progress).await
}

/// The same from a transaction that is open, which sees one state.
///
/// # Errors
/// As [`export`].
pub async fn export_from(
    snapshot: &impl ConnectionTrait,
    scope: Scope,
    now: Timestamp,
    out: &mut (dyn Write + Send),
    progress: Progress<'_>,
) -> Result<Moved, TransferError> {
    let tables = scope.narrow(schema::tables(snapshot).await?);
    let mut counts = Vec::new();
    for table in &tables {
        counts.push(count(snapshot, table, scope).await?);
    }
    if let Scope::Org(org) = scope
        && tables.iter().zip(&counts).any(|(table, rows)| table.name == "orgs" && *rows == 0)
    {
        return Err(TransferError::no_org(org));
    }
    let header = Header {
        format: format::NAME.into(),
        version: format::VERSION,
        program: env!("CARGO_PKG_VERSION").into(),
        scope,
        at: now.to_string(),
        steps: schema::steps(snapshot).await?,
        tables: tables.iter().map(Layout::from).collect(),
    };
    write_line(out, &header)?;
    let total = counts.iter().sum();
    let mut rows = Rows { out, checksum: Sha256::new(), done: 0, total, progress };
    let mut moved = Vec::new();
    for (table, expected) in tables.iter().zip(counts) {
        let before = rows.done;
        for part in scope::parts(table) {
            rows.write(snapshot, table, scope, &part).await?;
        }
        let written = rows.done - before;
        if written != expected {
            return Err(TransferError::Refused(format!(
                "of {expected} rows of {} the database gave {written}: it is damaged, or another program changes it",
                table.name
            )));
        }
        moved.push((table.name.clone(), written));
    }
    let checksum = format::hexadecimal(&rows.checksum.finalize());
    let footer = Footer { rows: moved.iter().cloned().collect(), sha256: checksum.clone() };
    write_line(out, &footer)?;
    out.flush().map_err(TransferError::Output)?;
    Ok(Moved { rows: moved, checksum })
}

fn write_line(out: &mut (dyn Write + Send), line: &impl serde::Serialize) -> Result<(), TransferError> {
    let mut bytes = serde_json::to_vec(line).map_err(|error| TransferError::Output(error.into()))?;
    bytes.push(b'\n');
    out.write_all(&bytes).map_err(TransferError::Output)
}

/// How many rows an export has.
///
/// # Errors
/// When the database fails.
pub async fn rows_of(db: &Database, scope: Scope) -> Result<u64, TransferError> {
    let snapshot = db.read().await?;
    let mut rows = 0;
    for table in scope.narrow(schema::tables(&snapshot).await?) {
        rows += count(&snapshot, &table, scope).await?;
    }
    Ok(rows)
}

async fn count(snapshot: &impl ConnectionTrait, table: &Table, scope: Scope) -> Result<u64, TransferError> {
    let condition = scope.condition(table)?;
    let filter = if condition.is_empty() { String::new() } else { format!(" WHERE {condition}") };
    let sql = format!("SELECT count(*) FROM \"{}\"{filter}", table.name);
    let statement = Statement::from_sql_and_values(snapshot.get_database_backend(), sql, org(scope));
    let row = snapshot.query_one_raw(statement).await?;
    let rows: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
    Ok(rows.unsigned_abs())
}

fn org(scope: Scope) -> Vec<SqlValue> {
    match scope {
        Scope::Whole => Vec::new(),
        Scope::Org(org) => vec![org.into()],
    }
}

/// The lines of rows, on their way out.
struct Rows<'a> {
    out: &'a mut (dyn Write + Send),
    checksum: Sha256,
    done: u64,
    total: u64,
    progress: Progress<'a>,
}

impl Rows<'_> {
    /// Writes a part of a table in the order of its primary key.
    async fn write(
        &mut self,
        snapshot: &impl ConnectionTrait,
        table: &Table,
        scope: Scope,
        part: &str,
    ) -> Result<(), TransferError> {
        let backend = snapshot.get_database_backend();
        let (mut last, mut rows): (Option<Vec<Cell>>, _) = (None, FIRST_ROWS);
        loop {
            let mut values = org(scope);
            let sql =
                select(backend, table, scope.condition(table)?, part, last.is_some().then_some(values.len()));
            let after = last.iter().flatten().zip(&table.key);
            values.extend(after.map(|(cell, place)| cell.clone().into_sql(table.columns[*place].kind)));
            values.push(i64::try_from(rows).unwrap_or(i64::MAX).into());
            let limit = values.len();
            let sql = format!("{sql} LIMIT ${limit}");
            let found = snapshot.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
            let mut bytes = 0;
            for row in &found {
                let mut cells = read(table, row)?;
                last = Some(table.key.iter().map(|place| cells[*place].clone()).collect());
                scope.redact(table, &mut cells);
                bytes += self.line(table, &cells)?;
            }
            if found.len() < rows {
                return Ok(());
            }
            rows = (found.len() * BYTES / bytes.max(1)).clamp(1, MOST_ROWS);
        }
    }

    /// Writes a row; its length.
    fn line(&mut self, table: &Table, cells: &[Cell]) -> Result<usize, TransferError> {
        let mut line =
            serde_json::to_vec(&(&table.name, cells)).map_err(|error| TransferError::Output(error.into()))?;
        line.push(b'\n');
        self.checksum.update(&line);
        self.out.write_all(&line).map_err(TransferError::Output)?;
        self.done += 1;
        (self.progress)(self.done, Some(self.total));
        Ok(line.len())
    }
}

/// Rows of a table; `after` is how many values stand before those of the last key.
fn select(backend: DbBackend, table: &Table, scope: &str, part: &str, after: Option<usize>) -> String {
    let column = |column: &schema::Column| {
        let name = format!("\"{}\"", column.name);
        match (backend, column.kind) {
            // PostgreSQL has integers of three sizes.
            (DbBackend::Postgres, Kind::Integer) => format!("CAST({name} AS bigint)"),
            // A text that was edited by hand may be stored as bytes in SQLite.
            (DbBackend::Sqlite, Kind::Text) | (_, Kind::Json) => format!("CAST({name} AS text)"),
            _ => name,
        }
    };
    let columns: Vec<_> = table.columns.iter().map(column).collect();
    let key: Vec<_> = table.key.iter().map(|place| sorted(backend, &table.columns[*place])).collect();
    let key = key.join(", ");
    let after = after.map(|before| {
        let values: Vec<_> = (1..=table.key.len()).map(|place| format!("${}", before + place)).collect();
        format!("({key}) > ({})", values.join(", "))
    });
    let conditions: Vec<_> =
        [scope, part].into_iter().filter(|text| !text.is_empty()).map(str::to_owned).chain(after).collect();
    let filter =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    format!("SELECT {} FROM \"{}\"{filter} ORDER BY {key}", columns.join(", "), table.name)
}

/// A column to sort by: texts by their bytes, as in SQLite, whatever the collation of the database.
fn sorted(backend: DbBackend, column: &schema::Column) -> String {
    match (backend, column.kind) {
        (DbBackend::Postgres, Kind::Text) => format!("\"{}\" COLLATE \"C\"", column.name),
        _ => format!("\"{}\"", column.name),
    }
}

fn read(table: &Table, row: &QueryResult) -> Result<Vec<Cell>, TransferError> {
    let cell = |(place, column): (usize, &schema::Column)| {
        Cell::read(row, place, column.kind).map_err(|error| {
            TransferError::Refused(format!(
                "a row of {} has something else in {} than the schema says; correct it first: {error}",
                table.name, column.name
            ))
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}
