//! Missions: work with a start and an end, usually in a project, and the roles that it needs.

mod api;
pub(crate) mod entity;
mod event;
pub mod image;
mod model;
mod read;
mod refusal;
mod rules;
mod write;

pub use api::{call_off, copy_all, reschedule, routes, shift};
pub use event::MissionEvent;
pub use model::{
    Mission, MissionForm, MissionRole, MissionState, NewMission, NewMissionRole, NewProjectMission,
};
pub use read::{
    MissionRoles, OpenRole, by_ids, chosen, get, open_roles, role_name, role_named, roles_of, roles_of_each,
    to_project, to_roles,
};
pub use refusal::*;
pub use rules::{as_long_by_the_clock, check_shift, period_mistake, plan};
pub use write::{
    Locked, create, create_all, delete, lock_all_for_share, lock_all_for_update, lock_for_share,
    lock_for_update, lock_roles_for_no_key_update, note_move, note_settled,
};
