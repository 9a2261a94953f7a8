//! The audit log: every write and every security event, in the same transaction as what it tells of. The database
//! refuses to change or delete its rows.

mod api;
pub(crate) mod entity;
mod model;
mod read;
mod write;

pub use api::routes;
pub use read::is_on_record;
pub use write::Entry;
