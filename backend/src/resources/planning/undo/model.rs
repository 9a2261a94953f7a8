//! Shapes of taking back.

use deserr::Deserr;
use utoipa::ToSchema;

/// What is to be taken back.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = PlanningUndo)]
#[deserr(deny_unknown_fields)]
pub struct Undo {
    /// `undo` of the answer of `planning:apply` or of `planning:undo`, word for word.
    #[schema(min_length = 1, max_length = 2_000_000, example = "nZ2vYlq3…")]
    pub undo: String,
}
