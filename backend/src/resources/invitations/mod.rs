//! Invitations: signed links that let an assigned user answer from a phone, without an account. A link answers once, and only
//! by POST; only the hash of its secret is stored.

mod api;
mod due;
pub(crate) mod entity;
mod event;
mod forget;
pub mod image;
mod model;
mod read;
mod refusal;
mod remind;
mod rules;
mod seen;
mod write;

pub use api::{answer_by_link, routes};
pub use due::remind_due;
pub use event::InvitationEvent;
pub use forget::{forget_addresses, of_user};
pub use model::{Answered, Created, Invitation, LinkStatus, NewInvitation, Obstacle, Opened};
pub use read::{
    Briefing, briefings_of, closing, given_addresses, link, open, open_all, open_among, open_of,
    pending_link, unanswered,
};
pub use refusal::*;
pub use remind::remind;
pub use rules::Decision;
pub use seen::Seen;
pub use write::{
    Links, asked_again, create, create_all, delete_of_assignment, delivered, ensure_link, link_to, lock_all,
    lock_open_of, revoke_of_assignment, revoke_of_mission,
};
