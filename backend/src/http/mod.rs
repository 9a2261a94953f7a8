//! What every request passes: request ids, logging, metrics, problem+json, retries, extractors for bodies and queries,
//! preconditions, idempotency keys, pagination, custom verbs. Nothing here knows a resource.

mod answer;
mod base;
mod body;
mod boundary;
mod change;
mod client;
mod cors;
mod describe;
mod durable;
mod heads;
pub mod idempotency;
mod idempotency_table;
mod limits;
mod listing;
mod page;
mod query;
mod receive;
mod refusal;
mod request;
mod requirements;
pub mod serving;
pub mod verbs;
mod watch;

pub(crate) use answer::bulk_created;
pub use answer::{Answer, Done, Precondition, Tagged, TakenBack, not_modified, tag};
pub use base::base_path;
pub use body::{BadInput, Body, BulkItems, Empty, pointer_to};
pub use boundary::{Boundary, ErrorPage, Looking, boundary};
pub use change::{Change, Writable};
pub use cors::{Cors, cors};
pub(crate) use describe::operations;
pub use describe::{Describe, Description, PROBLEMS, Shape, Signature, described, joined, tagged};
pub use durable::{Admit, Completion, Rerun, attempts, run_to_completion};
pub use idempotency::{AuthorityCheck, IdempotencyKey, RequestTx};
pub use limits::{MAX_BODY, MAX_BULK_BODY, MAX_HEADER_BYTES, MAX_HEADERS, MAX_URI_BYTES, limits};
pub use listing::{Kept, Listed, Listing, compress, held};
pub use page::{Cursor, Limit, MAX_PAGE_BYTES, Page, Part, Reading};
pub use query::{Flag, Form, Many, Path, Query};
pub use receive::{MAX_BODIES_BYTES, MAX_TENANT_BODIES_BYTES};
pub use refusal::*;
pub use request::RequestInfo;
pub use requirements::{Requirements, RouteRequirements, limit_bodies};
