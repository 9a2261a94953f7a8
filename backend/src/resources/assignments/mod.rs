//! Assignments: a user on a mission, and their answer. The central rule of the product lives here: a user is not
//! accepted on overlapping missions unless a manager gives an override reason.

mod api;
mod crew;
pub(crate) mod entity;
mod event;
pub mod joins;
mod model;
mod read;
mod refusal;
mod rules;
mod told;
pub mod warnings;
mod write;

pub use api::routes;
pub use crew::{CrewMember, crew_beside};
pub use event::AssignmentEvent;
pub use model::{Assignment, AssignmentStatus, NewAssignment};
pub use read::{
    CalendarMission, Outdated, active_on, by_ids, calendar_missions, conflicts_of_user, count_upcoming, get,
    known, of_user, outdated, people_on, upcoming,
};
pub use refusal::*;
pub use told::Told;
pub use write::bulk::create_all;
pub use write::changes::{confirm, note_called_off, note_move, note_move_of_others, note_told};
pub use write::forget::forget_texts;
pub use write::image;
pub use write::moves::{Move, assign_only_role, begin_move, cancel_all, detach_roles, finish_move};
pub use write::{
    Change, DecidedBy, Locked, create, delete, explain_decline, lock_all_for_no_key_update,
    lock_for_no_key_update, meaning_of, seen, set_status,
};
