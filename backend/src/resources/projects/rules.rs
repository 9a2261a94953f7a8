//! What must hold for a project.

use super::NewProject;
use crate::error::Error;

/// # Errors
/// [`Error::Invalid`] names every rule that the project would break.
pub fn check(new: &NewProject) -> Result<(), Error> {
    match (new.starts_at, new.ends_at) {
        (Some(start), Some(end)) if end <= start => {
            Err(Error::invalid("/ends_at", "must be after starts_at"))
        }
        _ => Ok(()),
    }
}
