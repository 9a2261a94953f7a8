//! Availabilities: periods that a person declares and a planner approves.

mod api;
pub(crate) mod entity;
mod model;
mod read;
mod refusal;
mod write;

/// What the first version of the API called it, and today's name.
pub const FIRST_NAME: (&str, &str) = ("/api/v1/availability", "/api/v1/availabilities");

pub use api::routes;
pub use model::{Availability, AvailabilityStatus, NewAvailability};
pub use read::{Approved, approved};
pub use refusal::*;
pub use write::{create, decide, delete_of_user};
