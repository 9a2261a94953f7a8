//! The lines of an export that are no rows.

use super::schema::{Kind, Table};
use crate::ids::OrgId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the first line says an export is.
pub(super) const NAME: &str = "coulisses-export";
/// Raised when an older program would misread the lines. A migration does not raise it.
pub(super) const VERSION: u32 = 1;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Whole,
    /// The rows of an org, and the accounts of its members, without what signs anybody in.
    Org(OrgId),
}

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    pub format: String,
    pub version: u32,
    /// The version of the program that wrote it.
    pub program: String,
    pub scope: Scope,
    /// When it was begun, for people.
    pub at: String,
    /// The applied steps of the schema.
    pub steps: Vec<String>,
    /// In the order in which their rows follow.
    pub tables: Vec<Layout>,
}

/// What a row of a table consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Layout {
    pub name: String,
    pub columns: Vec<(String, Kind)>,
}

impl From<&Table> for Layout {
    fn from(table: &Table) -> Self {
        let columns = table.columns.iter().map(|column| (column.name.clone(), column.kind.portable()));
        Self { name: table.name.clone(), columns: columns.collect() }
    }
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Footer {
    pub rows: BTreeMap<String, u64>,
    /// Of the lines of rows, with their line feeds.
    pub sha256: String,
}

/// Bytes in hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
