//! Inserting the rows of an export, many with each statement. Constraints and triggers stay on: they check what comes in.

use super::{
    Moved, Progress, TransferError,
    cell::Cell,
    format::Layout,
    reading::{Reading, Row},
    schema::{Kind, Table},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value as SqlValue};

/// Parameters of a statement at most; SQLite takes 32 766 of them.
const PARAMETERS: usize = 8000;
/// Rows of a statement at most.
const ROWS: usize = 500;
/// Values of a statement in bytes, about: rows of a megabyte each are inserted a few at a time.
const BYTES: usize = 1 << 20;
/// After so many rows of a table PostgreSQL counts it, and again whenever it has eight times as many. Its triggers look into
/// the table that is being filled, by plans that were made while it was empty.
const COUNTED_AFTER: u64 = 1000;

/// Changes a row before it is inserted.
pub(super) type Change<'a> = dyn FnMut(&Layout, &mut Vec<Cell>) -> Fate + Send + 'a;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Insert,
    /// It is there already.
    Skip,
}

/// Inserts all rows of an export into these tables, which are those of its header. Its end is checked once more.
pub(super) async fn insert(
    db: &impl ConnectionTrait,
    mut reading: Reading,
    tables: &[Table],
    total: u64,
    change: &mut Change<'_>,
    progress: Progress<'_>,
) -> Result<Moved, TransferError> {
    let mut batch = Batch { table: 0, rows: 0, bytes: 0, values: Vec::new(), first: 0, last: 0 };
    let (mut done, mut of_table, mut count_at) = (0, 0, COUNTED_AFTER);
    while let Some(Row { table, mut cells }) = reading.next()? {
        if table != batch.table || batch.is_full(&tables[batch.table]) {
            batch.run(db, &tables[batch.table]).await?;
            if table != batch.table {
                analyze(db, &tables[batch.table], of_table).await?;
                (of_table, count_at) = (0, COUNTED_AFTER);
            } else if of_table >= count_at {
                analyze(db, &tables[table], of_table).await?;
                count_at *= 8;
            }
            batch.table = table;
        }
        if change(&reading.header.tables[table], &mut cells) == Fate::Insert {
            batch.add(reading.number, cells, &tables[table]);
            of_table += 1;
        }
        done += 1;
        progress(done, Some(total));
    }
    if let Some(table) = tables.get(batch.table) {
        batch.run(db, table).await?;
    }
    Ok(reading.moved())
}

/// Rows of one table that are inserted together.
struct Batch {
    table: usize,
    rows: usize,
    bytes: usize,
    values: Vec<SqlValue>,
    /// The lines that they are in.
    first: u64,
    last: u64,
}

impl Batch {
    fn is_full(&self, table: &Table) -> bool {
        self.rows >= ROWS.min(PARAMETERS / table.columns.len().max(1)) || self.bytes >= BYTES
    }

    fn add(&mut self, line: u64, cells: Vec<Cell>, table: &Table) {
        if self.rows == 0 {
            self.first = line;
        }
        self.last = line;
        self.rows += 1;
        for (cell, column) in cells.into_iter().zip(&table.columns) {
            self.bytes += match &cell {
                Cell::Text(text) => text.len(),
                Cell::Bytes(bytes) => bytes.len(),
                _ => 8,
            };
            self.values.push(cell.into_sql(column.kind));
        }
    }

    async fn run(&mut self, db: &impl ConnectionTrait, table: &Table) -> Result<(), TransferError> {
        if self.rows == 0 {
            return Ok(());
        }
        let sql = statement(db.get_database_backend(), table, self.rows);
        let values = std::mem::take(&mut self.values);
        let done =
            db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await;
        let rows = std::mem::take(&mut self.rows) as u64;
        self.bytes = 0;
        match done {
            Ok(done) if done.rows_affected() == rows => Ok(()),
            Ok(done) => {
                Err(self.refused(table, &format!("of {rows} rows {} were taken", done.rows_affected())))
            }
            Err(error) => Err(self.refused(table, &error.to_string())),
        }
    }

    fn refused(&self, table: &Table, why: &str) -> TransferError {
        let Self { first, last, .. } = *self;
        let up_to = if last > first { format!("(or one up to line {last}) ") } else { String::new() };
        let what = format!("{up_to}does not go into {}, so nothing was changed: {why}", table.name);
        TransferError::Line { number: first, what }
    }
}

/// Parameters have numbers on PostgreSQL only. SQLite takes `$1` for a name, and looks through all names for each parameter: 30 s
/// instead of 2 s for 100 000 rows.
fn statement(backend: DbBackend, table: &Table, rows: usize) -> String {
    let columns: Vec<_> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let mut number = 0;
    let mut row = || {
        let values = table.columns.iter().map(|column| {
            number += 1;
            match (backend, column.kind) {
                (DbBackend::Sqlite, _) => "?".to_owned(),
                (_, Kind::Json) => format!("CAST(${number} AS jsonb)"),
                _ => format!("${number}"),
            }
        });
        format!("({})", values.collect::<Vec<_>>().join(","))
    };
    let rows: Vec<_> = (0..rows).map(|_| row()).collect();
    format!("INSERT INTO \"{}\" ({}) VALUES {}", table.name, columns.join(","), rows.join(","))
}

async fn analyze(db: &impl ConnectionTrait, table: &Table, rows: u64) -> Result<(), TransferError> {
    if rows > 0 && db.get_database_backend() == DbBackend::Postgres {
        db.execute_unprepared(&format!("ANALYZE \"{}\"", table.name)).await?;
    }
    Ok(())
}
