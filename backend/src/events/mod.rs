//! What happened, as types. A resource declares its events in its `event.rs` (`events!`) and records each in
//! the transaction of the change:
//!
//! ```ignore
//! tx.record(org, &MissionEvent::Updated { before, after: &after }).await?;
//! ```
//!
//! That writes the entry of the audit log and replaces the versions of the cached lists that show the object, so no recorded
//! write can forget either.

pub(crate) mod entity;
mod event;
mod record;

pub use entity::ActorKind;
pub(crate) use event::events;
pub use event::{Action, Event};
pub use record::Recorded;
