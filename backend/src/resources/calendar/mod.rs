//! A user's calendar: when they are available and where they are expected.

mod api;
mod model;
mod read;

pub use api::routes;
pub use model::CalendarInclude;
