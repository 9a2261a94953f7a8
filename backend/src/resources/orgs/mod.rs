//! Orgs, and their members with their roles.

mod api;
mod event;
mod hours;
mod me;
mod model;
mod read;
mod refusal;
mod rules;
mod unsubscribing;
mod write;

pub use api::routes;
pub use event::{MemberEvent, OrgEvent};
pub use model::{Contact, ContactForm, Member, MemberForm, NewMember, Org, OrgForm};
pub use read::{
    Subscription, all, contact, exist, find_by_name, member_if_any, members, subscription, timezone,
};
pub use refusal::*;
pub use rules::next_morning;
pub use unsubscribing::unsubscribe;
pub use write::{
    LinkBy, MemberLink, add_member, create, delete, keeps_an_owner, lock_for_no_key_update,
    lock_member_for_no_key_update, remove_member, set_delivery, update, update_member,
};
