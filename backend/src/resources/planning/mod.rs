//! The plan of a period as one board shows it: missions, who is on them, who could be, and what is in the way, from one snapshot.

mod api;
mod commands;
mod model;
mod read;

pub use api::routes;
pub use commands::*;
