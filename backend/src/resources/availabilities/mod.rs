//! Availabilities: periods that a person declares and a planner approves.

mod api;
mod model;
mod store;
mod table;

pub use api::routes;
pub use model::{Availability, AvailabilityQuery, AvailabilityStatus, NewAvailability};
pub use store::{create, decide, delete_of_user, list};
