//! Assignments: a person on a mission, and the answer they gave. The rule of this product lives here: nobody is
//! accepted twice for the same time unless a manager says why.

mod api;
pub(crate) mod entity;
mod model;
mod read;
mod refusal;
mod rules;
mod write;

pub use api::routes;
pub use model::{Assignment, AssignmentStatus, NewAssignment};
pub use read::{Expected, expected, get, upcoming};
pub use refusal::*;
pub use write::moves::{Move, begin_move, cancel_all, finish_move, leave_roles, take_role};
pub use write::{
    Change, Locked, create, lock_all_for_no_key_update, lock_for_no_key_update, refused, set_status,
};
