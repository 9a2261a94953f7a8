//! Activity: what planners want to know of what happened, from the audit log, which as a whole is the admins'. Without rows of its
//! own; what an event tells is declared where the event is (`events!`).

mod api;
mod model;
mod read;

pub use api::routes;
