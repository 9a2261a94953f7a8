//! Mails: writing and sending what is queued in [`crate::outbox`], and what was sent to whom.

mod account;
mod api;
mod delivery;
mod letters;
mod model;
mod read;

pub use api::routes;
pub use delivery::{Post, handlers};
pub use read::{Waiting, waiting};
