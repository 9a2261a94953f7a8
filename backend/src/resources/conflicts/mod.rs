//! Conflicts: accepted missions of one person that overlap, because a planner said so.

mod api;
mod model;
mod store;
mod sweep;

pub use api::routes;
