//! How an error looks on the wire: problem+json.

use super::{Clash, Clashes, Error};
use serde::Serialize;
use utoipa::ToSchema;

/// Wrong members that are named at most: each item of a bulk request, and then some. The answer stays below half of what
/// a bulk request may have.
const MOST_ERRORS: usize = 1000;

/// One member that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where: a JSON pointer into the body, or `/name` of a query parameter.
    #[schema(example = "/end_at")]
    pub pointer: String,
    /// Which rule: `missing`, `unknown`, `type`, `invalid`, ….
    #[schema(example = "invalid")]
    pub code: &'static str,
    /// The rule in words.
    #[schema(example = "must be after start_at")]
    pub detail: String,
}

impl FieldError {
    /// A member whose value breaks a rule.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: "invalid", detail: detail.into() }
    }

    /// A required member that is absent.
    pub fn missing(pointer: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: "missing", detail: "is required".into() }
    }

    /// A cursor that is not one of the list that was asked for.
    pub fn invalid_cursor() -> Self {
        let detail = "must be a cursor from the Link header of this list, sent with the same filters".into();
        Self { pointer: "/cursor".into(), code: "invalid_cursor", detail }
    }

    /// A member that can only be read, and differs from what it is.
    pub fn read_only(pointer: impl Into<String>) -> Self {
        let detail = "can only be read, and is not this now; read the object again, or leave it out".into();
        Self { pointer: pointer.into(), code: "read_only", detail }
    }

    /// The same mistake inside item `index` of an array.
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        self.pointer = format!("/{index}{}", self.pointer);
        self
    }
}

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
    pub conflicts: Vec<Clash>,
    /// How many are in the way in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1)]
    pub conflicts_total: Option<u64>,
}

impl Error {
    /// The problem+json body for the request `request_id`.
    pub fn problem(&self, request_id: &str) -> Problem {
        let (status, code) = self.status_and_code();
        let mut errors = self.fields();
        errors.truncate(MOST_ERRORS);
        let clashes = self.clashes();
        Problem {
            kind: format!("urn:coulisses:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            request_id: request_id.into(),
            errors,
            conflicts_total: (!clashes.is_empty()).then_some(clashes.total()),
            conflicts: clashes.into_named(),
        }
    }

    /// The members that are wrong.
    fn fields(&self) -> Vec<FieldError> {
        let member = |pointer: &str, code, detail: &str| {
            vec![FieldError { pointer: pointer.into(), code, detail: detail.into() }]
        };
        match self {
            Self::Invalid(errors) => errors.clone(),
            Self::UnknownReference { pointer, .. } => member(pointer, "unknown_reference", "does not exist"),
            Self::Duplicate { pointer, detail } => member(pointer, "duplicate", detail),
            Self::Items(items) => {
                items.iter().flat_map(|(index, error)| error.as_item().map(|e| e.at_index(*index))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What is wrong with an item: its members, or as a whole.
    fn as_item(&self) -> impl Iterator<Item = FieldError> {
        let mut fields = self.fields();
        if fields.is_empty() {
            let code = self.status_and_code().1;
            fields.push(FieldError { pointer: String::new(), code, detail: self.to_string() });
        }
        fields.into_iter()
    }

    fn clashes(&self) -> Clashes {
        match self {
            Self::ScheduleConflict(clashes) | Self::AvailabilityOverlap(clashes) => clashes.clone(),
            Self::Items(items) => items.iter().map(|(_, error)| error.clashes()).sum(),
            _ => Clashes::default(),
        }
    }
}
