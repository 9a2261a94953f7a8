//! What happened, as types. A resource declares its events in its `event.rs` (`events!`) and records each in
//! the transaction of the change:
//!
//! ```ignore
//! tx.record(org, &MissionEvent::Updated { before, after: &after }).await?;
//! ```
//!
//! That writes the entry of the audit log, replaces the versions of the cached lists that show the object, and stores the jobs
//! of whoever subscribes ([`Subscriber`]), so no recorded write can forget any of them.

mod activity;
pub(crate) mod entity;
mod event;
mod record;
mod subscriber;

pub use activity::{Activity, ActivityKind};
pub use entity::ActorKind;
pub(crate) use event::events;
pub use event::{Action, Event};
pub use record::Recorded;
pub use subscriber::{Subscriber, Subscribers};
