//! Coverage: how many people the missions of a project need and have, by day or by role. Without rows of its own.

mod api;
mod model;
mod read;
mod rules;

pub use api::routes;
