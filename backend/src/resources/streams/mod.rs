//! Streams: which of an org's lists have changed, as it happens. Who listens and what they are told is in [`crate::live`].

mod api;
mod body;
mod model;

pub use api::routes;
