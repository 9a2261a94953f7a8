//! Availabilities: periods that a person declares and a planner approves.

mod api;
mod model;
mod store;
mod table;

pub use api::routes;
pub use model::{Availability, AvailabilityStatus, NewAvailability};
pub use store::{Approved, approved, create, decide, delete_of_user};
