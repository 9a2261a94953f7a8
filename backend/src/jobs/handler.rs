//! Jobs and what carries them out.

use super::worker::delay;
use crate::{db::Tx, error::Error};
use serde::{Serialize, de::DeserializeOwned};
use std::{any::Any, collections::BTreeMap, future::Future, pin::Pin, sync::Arc, time::Duration};

/// What is to be done: stored as JSON, so a release reads what an earlier one stored.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Stored with each; never reused for another type.
    const KIND: &'static str;
}

/// Why a job is not done.
#[derive(Debug)]
pub enum Failed {
    /// It is tried again after a delay that grows with each attempt, then given up.
    Retry(Error),
    /// It can never succeed.
    GiveUp(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Retry(error)
    }
}

/// Carries out the jobs of one type.
pub trait Handler: Send + Sync + 'static {
    type Job: Job;
    /// What [`Handler::perform`] found out, for [`Handler::finish`].
    type Performed: Send + Sync + 'static;

    /// Does what leaves the database, such as sending an e-mail, outside any transaction. It is cancelled after
    /// [`Timing::limit`](super::Timing), and happens again when the process dies, or the database fails for longer than the
    /// end of the job is retried, before the job is ended.
    fn perform(&self, job: &Self::Job) -> impl Future<Output = Result<Self::Performed, Failed>> + Send;

    /// Writes, in the transaction that ends the job: exactly once. A transaction that fails is run again by itself.
    fn finish(
        &self,
        _tx: &Tx,
        _job: &Self::Job,
        _performed: &Self::Performed,
    ) -> impl Future<Output = Result<(), Failed>> + Send {
        async { Ok(()) }
    }

    /// How long after so many attempts it is tried again; `None` when that was the last.
    fn retry_after(&self, attempts: usize) -> Option<Duration> {
        delay(attempts)
    }
}

type Outcome<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failed>> + Send + 'a>>;
pub(super) type Performed = Box<dyn Any + Send + Sync>;

/// A handler of jobs of any type, which reads their JSON itself.
pub(super) trait ErasedHandler: Send + Sync {
    fn perform<'a>(&'a self, payload: &'a str) -> Outcome<'a, Performed>;
    fn finish<'a>(&'a self, tx: &'a Tx, payload: &'a str, performed: &'a Performed) -> Outcome<'a, ()>;
    fn retry_after(&self, attempts: usize) -> Option<Duration>;
}

impl<H: Handler> ErasedHandler for H {
    fn perform<'a>(&'a self, payload: &'a str) -> Outcome<'a, Performed> {
        Box::pin(async move {
            let performed = Handler::perform(self, &read(payload)?).await?;
            Ok(Box::new(performed) as Performed)
        })
    }

    fn finish<'a>(&'a self, tx: &'a Tx, payload: &'a str, performed: &'a Performed) -> Outcome<'a, ()> {
        let performed = performed.downcast_ref().expect("the worker passes on what this handler performed");
        Box::pin(async move { Handler::finish(self, tx, &read(payload)?, performed).await })
    }

    fn retry_after(&self, attempts: usize) -> Option<Duration> {
        Handler::retry_after(self, attempts)
    }
}

fn read<J: Job>(payload: &str) -> Result<J, Failed> {
    serde_json::from_str(payload).map_err(|error| Failed::GiveUp(Error::internal(error)))
}

/// The handlers of this program, by the kind of their jobs.
#[derive(Clone, Default)]
pub struct Handlers(BTreeMap<&'static str, Arc<dyn ErasedHandler>>);

impl Handlers {
    #[must_use]
    pub fn with<H: Handler>(mut self, handler: H) -> Self {
        self.0.insert(H::Job::KIND, Arc::new(handler));
        self
    }

    /// The kinds that this program can carry out; others wait for an instance of a newer release.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    pub(super) fn of(&self, kind: &str) -> Option<(&'static str, Arc<dyn ErasedHandler>)> {
        self.0.get_key_value(kind).map(|(kind, handler)| (*kind, Arc::clone(handler)))
    }
}
