//! Rules that the schema upholds. A resource names those of its tables, and gives each its meaning at the write that can
//! break it:
//!
//! ```ignore
//! const NAME: Constraint = Constraint::unique("projects_name", "projects.org_id, projects.name_key");
//!
//! insert.exec(tx).await.map_err(|error| NAME.or(error, || NameTaken))?;
//! ```

use super::failure::sqlx_error;
use crate::error::Error;
use sea_orm::{DbErr, sqlx};

/// A constraint, an index or a trigger, by the names that PostgreSQL and SQLite give it in their errors.
#[derive(Debug, Clone, Copy)]
pub struct Constraint {
    name: &'static str,
    in_sqlite: &'static str,
}

impl Constraint {
    /// A unique index: SQLite names its columns, with their table.
    pub const fn unique(name: &'static str, columns: &'static str) -> Self {
        Self { name, in_sqlite: columns }
    }

    /// A trigger, which raises its name on both.
    pub const fn trigger(name: &'static str) -> Self {
        Self { name, in_sqlite: name }
    }

    /// Whether it is what refused a write.
    pub fn refused(&self, error: &DbErr) -> bool {
        let Some(sqlx::Error::Database(error)) = sqlx_error(error) else { return false };
        match error.constraint() {
            Some(constraint) => constraint == self.name,
            None => error.message().contains(self.in_sqlite),
        }
    }

    /// The refusal, if it is what refused the write; else the failure.
    #[track_caller]
    pub fn or<R: Into<Error>>(&self, error: DbErr, refusal: impl FnOnce() -> R) -> Error {
        if self.refused(&error) { refusal().into() } else { error.into() }
    }
}
