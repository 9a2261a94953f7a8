//! Assignments: a person on a mission, and the answer they gave. The rule of this product lives here: nobody is
//! accepted twice for the same time unless a manager says why.

mod api;
mod model;
mod rules;
mod store;
pub(crate) mod table;

pub use api::routes;
pub use model::{Assignment, AssignmentStatus, NewAssignment};
pub use store::{Change, Held, create, get, hold, set_status};
