//! What must hold for a project.

use super::NewProject;
use crate::error::FieldError;

/// Every rule that the new project breaks.
pub fn mistakes(new: &NewProject) -> Vec<FieldError> {
    match (new.starts_at, new.ends_at) {
        (Some(start), Some(end)) if end <= start => {
            vec![FieldError::invalid("/ends_at", "must be after starts_at")]
        }
        _ => Vec::new(),
    }
}
