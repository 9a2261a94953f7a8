//! Shapes of calendar feeds and their keys.

use crate::secret::Secret;
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// The key of a calendar feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarKey {
    /// Opens this feed and nothing else. The same until it is ended.
    #[schema(value_type = String, example = "AZjx0sOzelOPYHGCk6S1xgq3n5v1mJ8cYzT0uWb2kEwRr4LhXs7dVfNiGoPaQyMt")]
    pub key: Secret,
    /// The address to subscribe to, with the key in it: whoever has it reads the calendar.
    #[schema(
        value_type = String,
        example = "https://crew.example.org/api/v1/users/01980000-0000-7000-8000-000000000001/calendar.ics?key=AZjx0sOzelOPYHGCk6S1xgq3n5v1mJ8cYzT0uWb2kEwRr4LhXs7dVfNiGoPaQyMt"
    )]
    pub url: Secret,
}

/// What opens a feed. Whatever programs add to an address is ignored.
#[derive(Debug, Deserr, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FeedQuery {
    /// The feed's key.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub key: Option<Secret>,
}
