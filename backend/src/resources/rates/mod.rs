//! Rates: what a user is paid, label by label. They are part of the user's profile; these are the endpoints that the
//! first clients use.

mod api;
mod model;

pub use api::routes;
