//! Commands of a board: several changes as one, each by the code of the single call.

mod carry_out;
mod locks;
mod model;
mod refusal;
mod warnings;

pub(super) use carry_out::{Planner, apply, check, version};
pub(super) use model::{Applied, Checked, Commands};
pub use refusal::*;
