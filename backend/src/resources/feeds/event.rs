//! What happens to the keys of calendar feeds. Who was shown one is on record, because they can read the calendar from then on.

use crate::{
    events::events,
    ids::{AccountId, ProjectId, UserId},
};

events! {
    pub enum UserFeedEvent of "user" (UserId), shown in [] {
        KEY_SHOWN = "user.calendar_key": KeyShown { id: UserId } of id,
        KEY_ENDED = "user.calendar_key_end": KeyEnded { id: UserId } of id,
    }
}

events! {
    pub enum ProjectFeedEvent of "project" (ProjectId), shown in [] {
        KEY_SHOWN = "project.calendar_key": KeyShown { id: ProjectId } of id,
    }
}

events! {
    pub enum MemberFeedEvent of "member" (AccountId), shown in [] {
        KEYS_ENDED = "member.calendar_keys_end": KeysEnded { account: AccountId } of account,
    }
}
