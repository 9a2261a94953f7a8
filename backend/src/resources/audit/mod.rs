//! The audit log as its readers see it: changes and security events, recorded by [`events`](crate::events) in the transaction of
//! the change itself. The database refuses to change or delete its rows; only the details of an entry can be emptied.

mod api;
mod model;
mod read;

pub use api::routes;
pub use read::is_on_record;
