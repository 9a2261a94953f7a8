//! Mails: what was sent to whom, what is to be sent, and what could not be.

pub(crate) mod entity;
mod model;
