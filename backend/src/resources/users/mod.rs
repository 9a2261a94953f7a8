//! Users: the people who can be planned. Many never sign in; one who does is linked to an account.

mod api;
mod changes;
pub(crate) mod entity;
mod metadata;
mod model;
mod money;
mod refusal;
mod rules;
mod skills;
mod store;

pub use api::routes;
pub use changes::{hold_profile, profile, set_rates};
pub use model::{EmploymentType, NewUser, User};
pub use money::{Cents, RateProfile};
pub use refusal::*;
pub use rules::display_name;
pub use skills::NewSkill;
pub use store::{Locked, account_link, create, exists, lock, lock_all, of_account, unlink_account};
