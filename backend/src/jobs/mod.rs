//! What is done later. A [`Job`] is a type; [`Tx::enqueue`](crate::db::Tx::enqueue) stores it in the transaction of its cause, so that it is
//! done exactly when that is committed, by any instance and after any crash. A [`Handler`] carries out the jobs of one
//! type; a subscriber ([`crate::events::Subscriber`]) makes jobs of events. [`Periodic`] work recurs and is stored nowhere.
//!
//! A claimed job is due again when its lease ends, so nothing is lost with the instance that claimed it. What a handler
//! writes ([`Handler::finish`]) is committed together with the end of its job: exactly once. What leaves the database
//! ([`Handler::perform`]) may happen again when the process dies, or the database stays out of reach, in between.

pub(crate) mod entity;
mod handler;
mod periodic;
mod queue;
mod worker;

pub use handler::{Failed, Handler, Handlers, Job};
pub use periodic::{Periodic, run_periodic};
pub use queue::{NewJob, Stuck, delete, left, retry, stuck};
pub use worker::{Timing, Worker};
