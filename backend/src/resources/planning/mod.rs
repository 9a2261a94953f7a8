//! The plan of a period as one board shows it: missions, who is on them, who could be, and what is in the way, from one snapshot;
//! and commands that change several things of it as one.

mod api;
mod commands;
mod model;
mod read;
mod undo;

pub use api::routes;
pub use commands::*;
