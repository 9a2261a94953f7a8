//! Taking back what a planner did: the rows that a request changed become what they were, by the database's own guards.
//!
//! What is needed for it travels with the client, sealed: the rows as they were, and a digest of each as the request left it
//! ([`State`]). Nobody else can read or make one, and the server keeps nothing.

mod carry_out;
mod model;
mod sealed;
mod state;

pub(super) use carry_out::{Undone, undo};
pub(super) use model::Undo;
pub(super) use sealed::Owner;
pub(super) use state::{Scope, State};
