//! Candidates: who could do a mission, best first, and why.

mod api;
mod model;
mod read;
mod rules;

pub use api::routes;
