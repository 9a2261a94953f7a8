//! Projects: a show, a festival, a tour leg. They group missions.

mod api;
pub(crate) mod entity;
mod event;
mod model;
mod read;
mod refusal;
mod rules;
mod write;

pub use api::routes;
pub use event::ProjectEvent;
pub use model::{NewProject, Project, ProjectStatus};
pub use read::get;
pub use refusal::*;
pub use write::{create, lock_all_for_share, lock_for_share, update};
