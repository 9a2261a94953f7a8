//! Conflicts: accepted missions of one person that overlap, because a planner said so.

mod api;
mod model;
mod read;
mod sweep;

pub use api::routes;
