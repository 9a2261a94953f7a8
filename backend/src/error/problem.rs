//! The problem+json form of an error.

use super::{Conflict, Conflicts, Error, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

/// Most entries of `errors`: one for each item of the largest bulk request. Keeps the body below half of that of a bulk
/// request.
const MOST_ERRORS: usize = 1000;

/// The body of every error answer: `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Identifies the kind of problem: `urn:coulisses:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:coulisses:problem:schedule_conflict")]
    pub kind: String,
    /// The status in words.
    #[schema(example = "Bad Request")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(example = 400)]
    pub status: u16,
    /// One sentence that says what to do.
    pub detail: String,
    /// Stable, for programs.
    #[schema(example = "schedule_conflict")]
    pub code: &'static str,
    /// Quote it when you report a problem; the log has the same one.
    pub request_id: String,
    /// The members that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// The accepted missions or approved availabilities in the way: the first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub conflicts: Vec<Conflict>,
    /// How many are in the way in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 1)]
    pub conflicts_total: Option<u64>,
}

impl Error {
    pub fn problem(&self, request_id: &str) -> Problem {
        let (status, code) = self.status_and_code();
        let mut errors = self.members();
        errors.truncate(MOST_ERRORS);
        let conflicts = self.conflicts();
        Problem {
            kind: format!("urn:coulisses:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            request_id: request_id.into(),
            errors,
            conflicts_total: (!conflicts.is_empty()).then_some(conflicts.total()),
            conflicts: conflicts.into_named(),
        }
    }

    /// The members that are refused, with their pointers.
    pub fn members(&self) -> Vec<FieldError> {
        match self {
            Self::Invalid(errors) => errors.clone(),
            Self::Refused(refused) => refused.errors.clone(),
            Self::Items(within, items) => items
                .iter()
                .flat_map(|(index, error)| error.as_item().map(|mistake| within.at(*index, mistake)))
                .collect(),
            Self::Failed(_) | Self::Replayed(_) => Vec::new(),
        }
    }

    /// The errors of a bulk item: those of its members, or one with an empty pointer for the whole item.
    fn as_item(&self) -> impl Iterator<Item = FieldError> {
        let mut fields = self.members();
        if fields.is_empty() {
            fields.push(FieldError::of("", self.status_and_code().1, self.to_string()));
        }
        fields.into_iter()
    }

    /// What is in the way, of a refusal that says so.
    pub fn conflicts(&self) -> Conflicts {
        match self {
            Self::Refused(refused) => refused.conflicts.clone(),
            Self::Items(_, items) => items.iter().map(|(_, error)| error.conflicts()).sum(),
            _ => Conflicts::default(),
        }
    }
}
