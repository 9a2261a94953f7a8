//! The audit log: changes and security events, in the same transaction as the change itself. The database refuses to change or
//! delete its rows; only the details of an entry can be emptied.

mod api;
pub(crate) mod entity;
mod model;
mod read;
mod write;

pub use api::routes;
pub use read::is_on_record;
pub use write::Entry;
