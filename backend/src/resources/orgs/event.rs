//! What happens to orgs and their members.

use super::model::{Member, Org};
use crate::{
    events::events,
    ids::{AccountId, OrgId},
};

events! {
    pub enum OrgEvent<'a> of "org" (OrgId), shown in [] {
        CREATED = "org.create": Created { after: &'a Org } of after.id,
        UPDATED = "org.update": Updated { before: &'a Org, after: &'a Org } of after.id,
        DELETED = "org.delete": Deleted { id: OrgId } of id,
    }
}

events! {
    /// What members do themselves is a [`MembershipEvent`](crate::resources::accounts::MembershipEvent).
    pub enum MemberEvent<'a> of "member" (AccountId), shown in [] {
        ADDED = "member.add": Added { after: &'a Member } of after.account_id,
        UPDATED = "member.update": Updated { before: &'a Member, after: &'a Member } of after.account_id,
        REMOVED = "member.remove": Removed { before: &'a Member } of before.account_id,
    }
}
