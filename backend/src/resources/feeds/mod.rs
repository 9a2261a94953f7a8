//! Calendar feeds: what calendar programs subscribe to, of a user and of a project. A program cannot sign in, so each feed has
//! a key in its address, which opens that feed and nothing else.
//!
//! [`Entry`] is one assignment as a calendar shows it, for feeds and for what is attached to mails and pages.

mod answer;
mod api;
mod entries;
mod event;
mod missions;
mod model;
mod read;
mod words;
mod write;

pub use api::{routes, user_address};
pub use entries::{Entry, entries_of};
pub use event::{MemberFeedEvent, ProjectFeedEvent, UserFeedEvent};
