//! The tables of docs/ that follow from the declarations. The prose around them is written by hand.

use super::{COLUMNS, Operation, declared, operations};
use std::{collections::BTreeSet, path::Path};

/// docs/access.md: who gets which status.
pub fn access() -> Vec<String> {
    let row = |operation: &Operation| {
        let status = |column: &&str| operation.status(column).map_or("-".into(), |status| status.to_string());
        [format!("`{}`", operation.name())].into_iter().chain(COLUMNS.iter().map(status)).collect()
    };
    let head = ["operation"].into_iter().chain(COLUMNS).map(str::to_owned).collect();
    aligned(&[head].into_iter().chain(declared().iter().map(row)).collect::<Vec<_>>())
}

/// docs/calls.md: the test about each call.
pub fn calls() -> Vec<String> {
    let row = |operation: &Operation| {
        let test = format!("`{}`", operation.declared.tested_by);
        vec![format!("`{}`", operation.name()), test, "yes".into(), "yes".into()]
    };
    let head = ["call", "test", "SQLite", "PostgreSQL"].map(str::to_owned).into();
    plain(&[head].into_iter().chain(operations().iter().map(row)).collect::<Vec<_>>())
}

/// docs/bounds.md: the largest answers.
pub fn bounds() -> Vec<String> {
    let row = |operation: &Operation| {
        let (size, because) = operation.bound().unwrap_or(("?", "?"));
        vec![format!("`{}`", operation.name()), size.into(), because.into()]
    };
    let head = ["operation", "largest answer", "because of"].map(str::to_owned).into();
    plain(&[head].into_iter().chain(operations().iter().map(row)).collect::<Vec<_>>())
}

fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!(" {cell:width$} |"));
        format!("|{}", cells.collect::<String>())
    };
    let rule = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2)));
    let mut lines: Vec<_> = rows.iter().map(line).collect();
    lines.insert(1, format!("|{}", rule.collect::<String>()));
    lines
}

fn plain(rows: &[Vec<String>]) -> Vec<String> {
    let mut lines: Vec<_> = rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    lines.insert(1, format!("|{}", "---|".repeat(rows[0].len())));
    lines
}

/// The table of the document is the one that follows; `INSTA_UPDATE=always` writes it, as insta's snapshots.
#[track_caller]
pub fn assert_recorded(document: &str, table: Vec<String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(document);
    let text = std::fs::read_to_string(&file).expect("a document");
    let prose = |line: &&str| !line.starts_with('|');
    let before = text.lines().take_while(prose).map(str::to_owned);
    let after = text.lines().skip_while(prose).filter(prose).map(str::to_owned);
    let lines: Vec<_> = before.chain(table).chain(after).collect();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(&file, lines.join("\n") + "\n").expect("the document is written");
    }
    let recorded = std::fs::read_to_string(&file).expect("a document");
    let (was, is): (BTreeSet<_>, BTreeSet<_>) =
        (recorded.lines().collect(), lines.iter().map(|l| &**l).collect());
    let (gone, new): (Vec<_>, Vec<_>) = (was.difference(&is).collect(), is.difference(&was).collect());
    assert!(
        recorded.lines().eq(lines.iter().map(|line| &**line)),
        "docs/{document} is not what the declarations say (backend/tests/it/operations/); if it was meant, run the tests \
        with INSTA_UPDATE=always\nnot declared: {gone:#?}\ndeclared: {new:#?}"
    );
}
