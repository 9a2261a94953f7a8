//! Mails: writing and sending what is queued in [`crate::outbox`], and what was sent to whom.

mod account;
mod api;
mod delivery;
mod digest;
mod letters;
mod model;
mod news;
mod read;

pub use api::routes;
pub use delivery::{Post, handlers};
pub use digest::{queue_digests, queue_for_planners};
pub use model::Mail;
pub use news::{Announcements, News};
pub use read::{CarriedCalls, Waiting, carried, of_user, waiting};
