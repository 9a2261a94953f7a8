//! The checked-in table of the largest answers, `docs/bounds.md`.

use std::collections::BTreeMap;

/// The largest refusal, whatever is refused.
pub const REFUSAL: usize = 2 * 1024 * 1024;

/// Each operation with the bytes that its success has at most.
pub fn bounds() -> BTreeMap<&'static str, usize> {
    let table = include_str!("../../../../docs/bounds.md");
    let rows: Vec<_> = table.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let row = |row: &&'static str| {
        let mut cells = row.split('|').map(|cell| cell.trim().trim_matches('`'));
        let (operation, bound) = (cells.next().expect("an operation"), cells.next().expect("a bound"));
        let (number, unit) = bound.split_once(' ').expect("a number and a unit");
        let unit = match unit {
            "KiB" => 1024,
            "MiB" => 1024 * 1024,
            other => panic!("{other} in docs/bounds.md"),
        };
        (operation, number.parse::<usize>().expect("a number") * unit)
    };
    let bounds: BTreeMap<_, _> = rows.iter().map(row).collect();
    assert_eq!(bounds.len(), rows.len(), "each operation once");
    bounds
}
