//! Conflicts: overlapping accepted assignments of one user, which a manager allowed by an override.

mod api;
mod model;
mod read;
mod sweep;

pub use api::routes;
pub use sweep::{Pair, Side, first_pairs};
