//! Missions: a call with a start and an end, usually in a project, with the roles it needs.

mod api;
mod changes;
pub(crate) mod entity;
mod model;
mod refusal;
mod rules;
mod store;

pub use api::routes;
pub use model::{Mission, MissionRole, MissionState, NewMission, NewMissionRole, NewProjectMission};
pub use refusal::*;
pub use rules::{PlannedMission, period_mistake};
pub use store::{Locked, Posts, create_all, lock, lock_all, posts, posts_of, role_named};
