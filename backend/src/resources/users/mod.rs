//! Users: the people whom an org assigns to missions. Many never sign in; one who does is linked to an account.

mod api;
pub(crate) mod entity;
mod erase;
mod event;
mod metadata;
mod model;
mod money;
mod read;
mod refusal;
mod rules;
mod skills;
mod write;

pub use api::{routes, sight};
pub use erase::erase;
pub use event::UserEvent;
pub use model::{EmploymentType, NewUser, Profile, User};
pub use money::{Cents, RateProfile};
pub use read::{SkillsAndTags, Visibility, by_email, exists, get, of_account, profile, with_words, words};
pub use refusal::*;
pub use rules::display_name;
pub use skills::NewSkill;
pub use write::{
    Locked, account_link, create, lock_all_for_no_key_update, lock_for_no_key_update, lock_for_update,
    lock_profile_for_no_key_update, set_rates, unlink_account,
};
