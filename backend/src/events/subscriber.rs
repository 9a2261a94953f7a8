//! Who makes jobs of events.

use super::Recorded;
use crate::{db::Database, error::Error, jobs::NewJob};

/// Is told of every event, in its transaction, and says what is to be done later because of it.
pub trait Subscriber: Send + Sync + 'static {
    /// # Errors
    /// When a job cannot be serialised. The transaction of the event fails with it.
    fn jobs(&self, event: &Recorded) -> Result<Vec<NewJob>, Error>;
}

/// The subscribers of this program.
#[derive(Default)]
pub struct Subscribers(Vec<Box<dyn Subscriber>>);

impl Subscribers {
    #[must_use]
    pub fn with(mut self, subscriber: impl Subscriber) -> Self {
        self.0.push(Box::new(subscriber));
        self
    }

    /// From now on they are told of what is recorded in this database.
    pub fn subscribe(self, db: &Database) {
        db.attach(self);
    }

    pub(super) fn jobs(&self, event: &Recorded) -> Result<Vec<NewJob>, Error> {
        let jobs = self.0.iter().map(|subscriber| subscriber.jobs(event));
        Ok(jobs.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}
