//! Moving what is stored: exports that go into either database, and copies of a SQLite file; and removing what is an org's.
//!
//! An export is JSON lines ([`format`]): a header, a line for each row, and a last line with counts and a checksum. It follows
//! the schema that the database itself tells ([`schema`]), so a migration needs nothing here. What an org's export leaves out
//! is in [`scope`], and that an import takes nothing else for an org's in `belongings`. An import checks the whole file before
//! it changes anything, and is one transaction on PostgreSQL and a new file on SQLite ([`import`]). What a deleted org leaves
//! behind is in [`remove`].

mod backup;
mod belongings;
mod cell;
mod draft;
mod export;
mod format;
mod import;
mod insert;
mod join;
mod reading;
mod remove;
pub mod schema;
pub mod scope;
mod swap;

pub use backup::{Copied, backup, restore};
pub use draft::Draft;
pub use export::{export, export_from, rows_of};
pub use format::Scope;
pub use import::{Import, import};
pub use remove::{KEPT, hold_still, remove};

use crate::{
    db::{ConnectError, migrations::MigrationError},
    error::Error,
    ids::OrgId,
};
use sea_orm::DbErr;
use std::{io, path::PathBuf};

/// Told how many rows of how many are done, or how many are done of a number that nobody knows yet.
pub type Progress<'a> = &'a (dyn Fn(u64, Option<u64>) + Send + Sync);

/// What was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// For each table, in the order of the export.
    pub rows: Vec<(String, u64)>,
    /// SHA-256 of the lines of rows, in hexadecimal.
    pub checksum: String,
}

impl Moved {
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|(_, rows)| rows).sum()
    }
}

/// Why nothing was moved: a sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error("{0}")]
    Refused(String),
    /// In the file of an export.
    #[error("line {number} of the export {what}")]
    Line { number: u64, what: String },
    #[error("cannot {verb} {}: {source}", path.display())]
    File { verb: &'static str, path: PathBuf, source: io::Error },
    /// A stream without a name.
    #[error("the export cannot be written: {0}")]
    Output(#[source] io::Error),
    #[error("the database refused: {0}")]
    Database(#[from] DbErr),
    #[error(transparent)]
    Connect(Box<ConnectError>),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("{error}{}", error.cause().map(|cause| format!(" ({cause})")).unwrap_or_default())]
    Failed { error: Error },
}

impl From<ConnectError> for TransferError {
    fn from(error: ConnectError) -> Self {
        Self::Connect(Box::new(error))
    }
}

impl From<Error> for TransferError {
    fn from(error: Error) -> Self {
        Self::Failed { error }
    }
}

impl TransferError {
    /// There is no such org.
    pub fn no_org(org: OrgId) -> Self {
        Self::Refused(format!("there is no organisation {org}; `coulisses org list` shows their ids"))
    }

    fn file(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { verb, path, source }
    }
}
