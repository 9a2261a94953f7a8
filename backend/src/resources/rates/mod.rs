//! Rates: what a person is paid, label by label. They are part of the person's profile; these are the calls that the
//! first clients use.

mod api;
mod model;

pub use api::routes;
