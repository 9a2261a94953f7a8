//! The audit log as its readers see it: changes and security events, recorded by [`events`](crate::events) in the transaction of
//! the change itself. The database refuses to change or delete its rows; only the details of an entry can be emptied.

mod api;
mod forget;
mod model;
mod read;

pub use api::routes;
pub use forget::{empty_all_details, empty_details, empty_old_details};
pub use model::AuditEntry;
pub use read::{about, is_on_record, to_member};
