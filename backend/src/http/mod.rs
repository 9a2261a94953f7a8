//! What every request passes: its id and log line, problem+json, retries, bodies, queries, pages of lists, custom verbs.
//! Nothing here knows a resource.

mod body;
mod boundary;
mod durable;
mod page;
mod query;
mod request;
mod strict_json;
pub mod verbs;

pub use body::{BadInput, Body, BulkItems, Empty, MAX_BODY, MAX_BULK_BODY};
pub use boundary::boundary;
pub use durable::run_to_completion;
pub use page::{Cursor, Limit, Page};
pub use query::{Form, Many, Path, Query};
pub use request::RequestInfo;
