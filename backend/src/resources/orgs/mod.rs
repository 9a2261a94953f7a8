//! Orgs and their members: who may do what.

mod api;
mod changes;
mod model;
mod refusal;
mod rules;
mod store;

pub use api::routes;
pub use changes::{hold, hold_member, remove_member, update, update_member};
pub use model::{Member, MemberForm, NewMember, OrgForm};
pub use refusal::*;
pub use store::{MemberLink, add_member, all, create, exist, find_by_name, members, timezone};
