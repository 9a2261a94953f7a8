//! Constraints of the schema. A resource names those of its entities, and maps each to a refusal at the write that can
//! violate it:
//!
//! ```ignore
//! const NAME: Constraint = Constraint::unique("projects_name", "projects.org_id, projects.name_key");
//!
//! insert.exec(tx).await.or_refusal(|error| NAME.meaning(error, || NameTaken))?;
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
    /// A unique index: SQLite's error names its columns, with their table.
    pub const fn unique(name: &'static str, columns: &'static str) -> Self {
        Self { name, in_sqlite: columns }
    }

    /// A trigger, which raises its own name in both databases.
    pub const fn trigger(name: &'static str) -> Self {
        Self { name, in_sqlite: name }
    }

    /// Whether a write violated it.
    pub fn is_violated_by(&self, error: &DbErr) -> bool {
        let Some(sqlx::Error::Database(error)) = sqlx_error(error) else { return false };
        match error.constraint() {
            Some(constraint) => self.is_called(constraint),
            None => error.message().contains(self.in_sqlite) || self.is_named_in(error.message()),
        }
    }

    /// A distributed database passes on what one of its nodes said, but not always in which field the name stood.
    fn is_named_in(&self, message: &str) -> bool {
        let words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.into_iter().any(|word| self.is_called(word))
    }

    /// Its name, on a shard with the shard's number behind it: `projects_name_102008`.
    fn is_called(&self, name: &str) -> bool {
        let Some(behind) = name.strip_prefix(self.name) else { return false };
        let number = behind.strip_prefix('_').unwrap_or_default();
        behind.is_empty() || !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
    }

    /// The refusal, if a write violated it.
    pub fn meaning<R: Into<Error>>(&self, error: &DbErr, refusal: impl FnOnce() -> R) -> Option<Error> {
        self.is_violated_by(error).then(|| refusal().into())
    }
}

/// For the result of a write.
pub trait OrRefusal<T> {
    /// The refusal that the error means, else the failure that it is, with the place of this call.
    ///
    /// # Errors
    /// Either.
    fn or_refusal(self, meaning: impl FnOnce(&DbErr) -> Option<Error>) -> Result<T, Error>;
}

impl<T> OrRefusal<T> for Result<T, DbErr> {
    #[track_caller]
    fn or_refusal(self, meaning: impl FnOnce(&DbErr) -> Option<Error>) -> Result<T, Error> {
        match self {
            Ok(done) => Ok(done),
            Err(error) => match meaning(&error) {
                Some(refusal) => Err(refusal),
                None => Err(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::failure::said::Said, *};

    fn failing() -> Result<(), DbErr> {
        Err(DbErr::Custom("out of order".into()))
    }

    #[test]
    fn a_constraint_is_known_by_its_name_on_a_shard_and_in_a_message_alone() {
        let name = Constraint::unique("projects_name", "projects.org_id, projects.name_key");
        let quota = Constraint::trigger("assignments_quota");
        let said = |name: &str| format!("duplicate key value violates unique constraint \"{name}\"");
        let violates = |constraint: Constraint, field: Option<&str>, message: &str| {
            constraint.is_violated_by(&Said::error("23505", field, message))
        };
        assert!(violates(name, Some("projects_name"), ""));
        assert!(violates(name, Some("projects_name_102008"), ""));
        assert!(violates(name, None, &said("projects_name")));
        assert!(violates(name, None, &said("projects_name_102008")));
        assert!(violates(name, None, "UNIQUE constraint failed: projects.org_id, projects.name_key"));
        assert!(violates(quota, None, "assignments_quota"));
        for other in
            ["projects_name_", "projects_name_key", "projects_name_1a", "old_projects_name", "projects"]
        {
            assert!(!violates(name, None, &said(other)), "{other}");
            assert!(!violates(name, Some(other), ""), "{other}");
        }
        // What the driver says is not looked for elsewhere.
        assert!(!violates(quota, Some("projects_name"), "assignments_quota"));
    }

    #[test]
    fn a_failure_says_which_write_met_it() {
        let by_question_mark = || -> Result<(), Error> { Ok(failing()?) };
        let by_meaning = || -> Result<(), Error> { failing().or_refusal(|_| None) };
        let first = line!() - 2;
        for (line, failed) in [(first, by_question_mark()), (first + 1, by_meaning())] {
            let Err(Error::Failed(failure)) = failed else { panic!("{failed:?}") };
            assert_eq!((failure.at.file(), failure.at.line()), (file!(), line));
        }
    }
}
