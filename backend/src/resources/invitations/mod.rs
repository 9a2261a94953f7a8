//! Invitations: signed links that let an assigned person answer from a phone, without an account. A link answers once;
//! only a POST answers; only the hash of what is in it is stored.

mod api;
mod model;
mod rules;
mod store;
pub(crate) mod table;

pub use api::{answer_by_link, routes};
pub use model::{Created, InvitationStatus, NewInvitation, Opened};
pub use rules::Answer;
pub use store::{create, open, pending_link};
