//! Validation of projects.

use super::NewProject;
use crate::error::Error;

/// # Errors
/// [`Error::Invalid`] when it does not end after its start.
pub fn check(new: &NewProject) -> Result<(), Error> {
    match (new.starts_at, new.ends_at) {
        (Some(start), Some(end)) if end <= start => {
            Err(Error::invalid("/ends_at", "must be after starts_at"))
        }
        _ => Ok(()),
    }
}
