//! Orgs and their members: who may do what.

mod api;
mod changes;
mod model;
mod rules;
mod store;

pub use api::routes;
pub use changes::{hold_member, remove_member};
pub use model::{Member, NewMember};
pub use store::{MemberLink, add_member, create, exist, find_by_name, members, timezone};
