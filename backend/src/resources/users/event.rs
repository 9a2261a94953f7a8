//! What happens to users.

use super::model::{Profile, User};
use crate::{events::events, ids::UserId};

events! {
    pub enum UserEvent<'a> of "user" (UserId), shown in [Planning] {
        CREATED = "user.create": Created { after: &'a User } of after.id,
        UPDATED = "user.update": Updated { before: &'a User, after: &'a User } of after.id,
        PROFILE_CHANGED = "user.profile": ProfileChanged { before: &'a Profile, after: &'a Profile } of after.user_id,
        RATES_CHANGED = "user.rates": RatesChanged { before: &'a Profile, after: &'a Profile } of after.user_id,
        ERASED = "user.erase": Erased { id: UserId } of id,
        DELETED = "user.delete": Deleted { before: &'a User } of before.id,
    }
}
