//! The audit log: every write and every security event, in the same transaction as what it tells of. The database
//! refuses to change or delete its rows.

mod api;
pub(crate) mod entity;
mod log;
mod model;
mod store;

pub use api::routes;
pub use store::{Entry, is_on_record};
