//! Reading an export line by line. Everything is checked on the way: the header, each value, the order, whose the rows are, and
//! at the end the counts and the checksum.

use super::{
    Moved, TransferError,
    belongings::Belongings,
    cell::Cell,
    format::{self, Footer, Header, Layout, Scope},
};
use crate::db::migrations;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::{
    borrow::Cow,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

/// No row of ours is as long: a file without line feeds must not fill the memory.
const LONGEST_LINE: u64 = 64 << 20;

pub(super) struct Reading {
    lines: BufReader<File>,
    /// Of the line read last, from 1.
    pub number: u64,
    pub header: Header,
    checksum: Sha256,
    counts: Vec<u64>,
    /// The table of the row read last: they come one after the other.
    current: usize,
    line: Vec<u8>,
    belongings: Option<Belongings>,
}

/// A row of the table at a place in the header.
pub(super) struct Row {
    pub table: usize,
    pub cells: Vec<Cell>,
}

impl Reading {
    /// Opens an export and reads its header.
    ///
    /// # Errors
    /// When it cannot be read, is none of ours, or is newer than this program.
    pub fn open(path: &Path) -> Result<Self, TransferError> {
        let file = File::open(path).map_err(TransferError::file("read", path))?;
        let mut lines = BufReader::with_capacity(1 << 18, file);
        let mut first = Vec::new();
        read_line(&mut lines, 1, &mut first)?;
        let header = header(path, &first)?;
        let counts = vec![0; header.tables.len()];
        let belongings = Belongings::of(&header);
        let (checksum, line) = (Sha256::new(), Vec::new());
        Ok(Self { lines, number: 1, header, checksum, counts, current: 0, line, belongings })
    }

    /// The next row; `None` when the export has ended as its last line says.
    ///
    /// # Errors
    /// When a line is not as it must be, or the file was cut off or changed.
    pub fn next(&mut self) -> Result<Option<Row>, TransferError> {
        self.number += 1;
        read_line(&mut self.lines, self.number, &mut self.line)?;
        if self.line.is_empty() {
            return Err(self.wrong("is missing: the file was cut off; export again, or copy it again"));
        }
        if self.line.first() == Some(&b'{') {
            self.end()?;
            return Ok(None);
        }
        self.checksum.update(&self.line);
        let (name, values) =
            serde_json::from_slice::<(Cow<'_, str>, Vec<Json>)>(&self.line).map_err(|error| {
                self.wrong(format!("is no row ({error}): the file was cut off or changed; copy it again"))
            })?;
        let tables = &self.header.tables[self.current..];
        let Some(further) = tables.iter().position(|table| table.name == name) else {
            return Err(
                self.wrong(format!("is a row of {name}, which is not in the header, or not at this place"))
            );
        };
        let table = self.current + further;
        let layout = &self.header.tables[table];
        let cells = cells(layout, values).map_err(|what| self.wrong(what))?;
        if let Some(belongings) = &mut self.belongings {
            let admitted = belongings.admit(layout, &cells);
            admitted.map_err(|what| self.wrong(format!("{what}: no `coulisses export --org` wrote it")))?;
        }
        self.current = table;
        self.counts[table] += 1;
        Ok(Some(Row { table, cells }))
    }

    /// What was read, once [`Reading::next`] has come to the end.
    pub fn moved(&self) -> Moved {
        let names = self.header.tables.iter().map(|table| table.name.clone());
        Moved {
            rows: names.zip(self.counts.iter().copied()).collect(),
            checksum: format::hexadecimal(&self.checksum.clone().finalize()),
        }
    }

    fn end(&mut self) -> Result<(), TransferError> {
        let footer: Footer = serde_json::from_slice(&self.line).map_err(|error| {
            self.wrong(format!("is neither a row nor the last line ({error}); copy the file again"))
        })?;
        let mut beyond = [0];
        let more =
            self.lines.read(&mut beyond).map_err(|error| self.wrong(format!("cannot be read: {error}")))?;
        if more > 0 {
            self.number += 1;
            return Err(self.wrong("comes after the last one: the file was changed; copy it again"));
        }
        let read = self.moved();
        let counted = read.rows.iter().cloned().collect();
        if footer.rows != counted {
            let differ = |name: &String| footer.rows.get(name) != counted.get(name);
            let of = read.rows.iter().map(|(name, _)| name).find(|name| differ(name));
            return Err(self.wrong(format!(
                "counts other rows than there are{}: lines are missing or were added; copy the file again",
                of.map(|name| format!(" of {name}")).unwrap_or_default()
            )));
        }
        if footer.sha256 != read.checksum {
            return Err(self.wrong(
                "has another checksum than the rows before it: the file was changed on the way; copy it again",
            ));
        }
        Ok(())
    }

    pub fn wrong(&self, what: impl Into<String>) -> TransferError {
        TransferError::Line { number: self.number, what: what.into() }
    }
}

/// Reads a line with its line feed; nothing at the end of the file. A line without a line feed is left empty: it was cut off.
fn read_line(lines: &mut BufReader<File>, number: u64, line: &mut Vec<u8>) -> Result<(), TransferError> {
    line.clear();
    let wrong = |what: String| TransferError::Line { number, what };
    let read = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', line);
    read.map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if line.len() as u64 >= LONGEST_LINE {
        return Err(wrong(format!("is longer than {LONGEST_LINE} bytes: this is no export of coulisses")));
    }
    if line.last() != Some(&b'\n') {
        line.clear();
    }
    Ok(())
}

fn header(path: &Path, line: &[u8]) -> Result<Header, TransferError> {
    let refused = |what: String| TransferError::Refused(format!("{} {what}", path.display()));
    let none = || {
        refused("is no export of coulisses: `coulisses export` writes one, and `restore` takes copies of a SQLite file".into())
    };
    let said: Json = serde_json::from_slice(line).map_err(|_| none())?;
    if said["format"] != format::NAME {
        return Err(none());
    }
    let newer = |what: String| {
        refused(format!(
            "was made by a newer coulisses ({what}, and this program is {}): upgrade this program first, then import it",
            env!("CARGO_PKG_VERSION")
        ))
    };
    match said["version"].as_u64() {
        Some(version) if version > u64::from(format::VERSION) => {
            return Err(newer(format!("it has the format {version}")));
        }
        Some(_) => {}
        None => return Err(none()),
    }
    let header: Header = serde_json::from_value(said)
        .map_err(|error| refused(format!("has a first line that was changed ({error}); copy it again")))?;
    match migrations::unknown(&header.steps).last() {
        Some(step) => Err(newer(format!("it has the step {step}"))),
        None => Ok(header),
    }
}

fn cells(layout: &Layout, values: Vec<Json>) -> Result<Vec<Cell>, String> {
    let (found, expected) = (values.len(), layout.columns.len());
    if found != expected {
        return Err(format!("has {found} values, and a row of {} has {expected}", layout.name));
    }
    let cell = |(value, (column, kind)): (Json, &(String, _))| {
        Cell::from_json(value, *kind)
            .map_err(|must| format!("is not valid: the column {column} of {} must be {must}", layout.name))
    };
    values.into_iter().zip(&layout.columns).map(cell).collect()
}

/// Reads an export to its end without doing anything; what it has.
pub(super) fn check(path: &Path, progress: super::Progress<'_>) -> Result<Moved, TransferError> {
    let mut reading = Reading::open(path)?;
    let mut rows = 0;
    while reading.next()?.is_some() {
        rows += 1;
        progress(rows, None);
    }
    Ok(reading.moved())
}

impl Header {
    /// The org of an org's export.
    pub fn org(&self) -> Option<crate::ids::OrgId> {
        match self.scope {
            Scope::Whole => None,
            Scope::Org(org) => Some(org),
        }
    }
}
