//! Accounts: signing in and out, sessions, passwords and the links that set them, memberships of orgs.
//!
//! Accounts and sessions belong to no org; memberships tie an account to an org.

mod api;
mod erase;
mod event;
pub mod links;
mod model;
mod own_api;
mod read;
mod refused_sign_ins;
mod reset_api;
pub mod sessions;
mod write;

pub use api::{MAX_SIGN_IN_BODY, routes};
pub use erase::erase;
pub use event::{AccountEvent, AccountSettings, MembershipEvent, SessionEvent};
pub use model::OrgMembership;
pub use read::*;
pub use refused_sign_ins::record_refusals;
pub use reset_api::{handlers, set_password};
pub use write::*;
