//! Errors of single members of a body or query.

use serde::Serialize;
use utoipa::ToSchema;

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
    /// Of a member that can only be read, and of a request whose mistakes are all of that.
    pub const READ_ONLY: &str = "read_only";

    pub fn of(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }

    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of(pointer, "invalid", detail)
    }

    /// A required member that is absent.
    pub fn missing(pointer: impl Into<String>) -> Self {
        Self::of(pointer, "missing", "is required")
    }

    /// A cursor that does not belong to the requested list.
    pub fn invalid_cursor() -> Self {
        let detail = "must be a cursor from the Link header of this list, sent with the same filters";
        Self::of("/cursor", "invalid_cursor", detail)
    }

    /// A read-only member that was sent with another than its current value.
    pub fn read_only(pointer: impl Into<String>) -> Self {
        let detail = "can only be read, and is not this now; read the object again, or leave it out";
        Self::of(pointer, Self::READ_ONLY, detail)
    }

    /// The same error inside item `index` of an array.
    #[must_use]
    pub fn at_index(mut self, index: usize) -> Self {
        self.pointer = format!("/{index}{}", self.pointer);
        self
    }
}

/// If all errors of a request have one of these codes, the problem has that code and sentence; otherwise it has those of
/// [`OTHERS`].
const CODES: [(&str, &str); 2] = [
    ("invalid_cursor", "Follow the Link header with the same filters, or ask for the first page again."),
    (FieldError::READ_ONLY, "Read the object again, or leave the members out that are listed in errors."),
];
const OTHERS: (&str, &str) =
    ("validation_failed", "Correct the members listed in errors and send the request again.");

fn code_and_sentence(mistakes: &[FieldError]) -> (&'static str, &'static str) {
    let of_all = |(code, _): &&(&str, &str)| mistakes.iter().all(|mistake| mistake.code == *code);
    CODES.iter().find(of_all).filter(|_| !mistakes.is_empty()).copied().unwrap_or(OTHERS)
}

pub(super) fn code_of(mistakes: &[FieldError]) -> &'static str {
    code_and_sentence(mistakes).0
}

pub(super) fn what_to_do(mistakes: &[FieldError]) -> &'static str {
    code_and_sentence(mistakes).1
}
