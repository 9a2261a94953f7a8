//! Availabilities: periods in which a user declares to be available, or not to be, and which a manager approves.

mod api;
pub(crate) mod entity;
mod event;
mod model;
mod read;
mod refusal;
mod rules;
mod write;

/// The path in the first version of the API, and today's.
pub const FIRST_NAME: (&str, &str) = ("/api/v1/availability", "/api/v1/availabilities");

pub use api::routes;
pub use event::AvailabilityEvent;
pub use model::{Availability, AvailabilityKind, AvailabilityStatus, NewAvailability};
pub use read::{Approved, approved, of_user};
pub use refusal::*;
pub use write::{create, decide, delete_of_user, forget};
