//! Jobs and what carries them out.

use crate::{db::Tx, error::Error};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

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

    /// Does what leaves the database, such as sending an e-mail, outside any transaction. It is cancelled after
    /// [`Timing::limit`](super::Timing), and happens again when the process dies, or the database fails for longer than the
    /// end of the job is retried, before the job is ended.
    fn perform(&self, _job: &Self::Job) -> impl Future<Output = Result<(), Failed>> + Send {
        async { Ok(()) }
    }

    /// Writes, in the transaction that ends the job: exactly once. A transaction that fails is run again by itself.
    fn finish(&self, _tx: &Tx, _job: &Self::Job) -> impl Future<Output = Result<(), Failed>> + Send {
        async { Ok(()) }
    }
}

type Outcome<'a> = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send + 'a>>;

/// A handler of jobs of any type, which reads their JSON itself.
pub(super) trait ErasedHandler: Send + Sync {
    fn perform<'a>(&'a self, payload: &'a str) -> Outcome<'a>;
    fn finish<'a>(&'a self, tx: &'a Tx, payload: &'a str) -> Outcome<'a>;
}

impl<H: Handler> ErasedHandler for H {
    fn perform<'a>(&'a self, payload: &'a str) -> Outcome<'a> {
        Box::pin(async move { Handler::perform(self, &read(payload)?).await })
    }

    fn finish<'a>(&'a self, tx: &'a Tx, payload: &'a str) -> Outcome<'a> {
        Box::pin(async move { Handler::finish(self, tx, &read(payload)?).await })
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
