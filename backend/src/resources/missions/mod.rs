//! Missions: a call with a start and an end, usually in a project, with the roles it needs.

mod api;
mod changes;
mod model;
mod refusal;
pub(crate) mod role_table;
mod rules;
mod store;
pub(crate) mod table;

pub use api::routes;
pub use model::{Mission, MissionRole, MissionState, NewMission, NewMissionRole, NewProjectMission};
pub use refusal::*;
pub use rules::{PlannedMission, period_mistake};
pub use store::{Locked, Posts, create_all, lock, lock_all, posts, posts_of, role_named};
