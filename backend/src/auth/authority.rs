//! What every request asks first: does the session live, what may its account do in the org, and which state of the org's
//! cached lists is the latest. The database says it at each request, so that revocation and demotion are immediate.
//!
//! Requests that ask at the same time are answered by one statement: a statement's way to the database and back costs
//! far more than the rows that it looks up. An answer is never older than its question, because a statement takes only
//! what was asked before it was sent.

use super::{
    entity::{account, membership, session},
    refusal::Unauthenticated,
};
use crate::{
    db::{Database, Template, Tx, Versions},
    error::{Error, FailureKind},
    ids::{AccountId, OrgId, SessionId, UserId},
    role::Role,
};
use sea_orm::{
    ConnectionTrait, DbBackend, FromQueryResult, Value,
    sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Statements under way at a time. While they are, the next questions gather.
const READERS: usize = 2;
/// When none of them took a question for so long, they are stuck (a connection that died unseen, a pool that is used up),
/// and another one tries.
const STUCK: Duration = Duration::from_millis(100);
/// The longest that a statement is waited for; a request has more.
const PATIENCE: Duration = Duration::from_secs(5);
/// A statement takes 1, 2, 4, 8 or 16 questions, so that there are few to prepare.
const SIZES: usize = 5;
const QUESTIONS_AT_A_TIME: usize = 1 << (SIZES - 1);

/// What a request may do, as of now.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Authority {
    /// The role in the org, when the account is an active member of it and has proven it: a pending one opens nothing.
    pub role: Option<Role>,
    /// The person in the org that this account belongs to.
    pub user_id: Option<UserId>,
    /// The versions of the org's cached lists.
    #[sea_orm(nested)]
    pub versions: Versions,
}

/// Whose authority is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// The org to act in.
    pub org: OrgId,
    pub account: AccountId,
    pub session: SessionId,
}

struct Question {
    asker: Asker,
    answer: oneshot::Sender<Result<Authority, Error>>,
}

impl Question {
    fn answer(self, authority: Result<Authority, Error>) {
        // A client that hung up needs none.
        let _ = self.answer.send(authority);
    }
}

/// Answers requests. Clones share the questions.
#[derive(Clone)]
pub struct Authorities(Arc<Inner>);

struct Inner {
    db: Database,
    queue: Mutex<Queue>,
    /// By the logarithm of how many they take.
    statements: [Template; SIZES],
}

struct Queue {
    questions: VecDeque<Question>,
    readers: usize,
    /// When a reader last took questions, or found none.
    moved: Instant,
}

impl Queue {
    fn wants_a_reader(&self, most: usize) -> bool {
        self.readers < READERS || self.readers < most && self.moved.elapsed() > STUCK
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the database does not say who may do what within {PATIENCE:?}")]
struct TooSlow;

#[derive(Debug, thiserror::Error)]
#[error("whoever read the authority of a request went away")]
struct ReaderGone;

impl Authorities {
    pub fn new(db: Database) -> Self {
        let queue = Queue { questions: VecDeque::new(), readers: 0, moved: Instant::now() };
        Self(Arc::new(Inner { db, queue: Mutex::new(queue), statements: Default::default() }))
    }

    /// What the asker may do.
    ///
    /// # Errors
    /// [`Unauthenticated`] when the session ended or the account is switched off; [`FailureKind::Unavailable`] when the
    /// database is out of reach.
    pub async fn of(&self, asker: Asker) -> Result<Authority, Error> {
        let (answer, answered) = oneshot::channel();
        let reader = {
            let mut queue = self.0.queue();
            queue.questions.push_back(Question { asker, answer });
            queue.wants_a_reader(self.0.db.max_connections()).then(|| {
                queue.readers += 1;
                queue.moved = Instant::now();
                Reader { inner: Arc::clone(&self.0), counts: true }
            })
        };
        if let Some(reader) = reader {
            // On its own: whoever asked may hang up, and others wait for the same statement.
            tokio::spawn(reader.read());
        }
        answered.await.map_err(|_| Error::internal(ReaderGone))?
    }

    /// The same, as this transaction sees it.
    ///
    /// # Errors
    /// As [`Authorities::of`].
    pub async fn within(&self, tx: &Tx, asker: Asker) -> Result<Authority, Error> {
        let found = self.0.find(tx, &[asker]).await?;
        found.into_iter().flatten().next().unwrap_or(Err(Unauthenticated.into()))
    }

    /// Whether others may write while a transaction that writes is open, and there is a connection beside its own to ask by.
    pub fn can_change_beside_a_write(&self) -> bool {
        let db = &self.0.db;
        db.get_database_backend() == DbBackend::Postgres && db.max_connections() > 1
    }
}

/// Reads for as long as there are questions.
struct Reader {
    inner: Arc<Inner>,
    /// Whether it is among the queue's readers. It leaves them in the moment that it sees no question, so that the next
    /// question finds that nobody reads.
    counts: bool,
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.counts {
            self.inner.queue().readers -= 1;
        }
    }
}

impl Reader {
    async fn read(mut self) {
        while let Some(questions) = self.next() {
            let askers: Vec<Asker> = questions.iter().map(|question| question.asker).collect();
            let found = tokio::time::timeout(PATIENCE, self.inner.find(&self.inner.db, &askers)).await;
            match found.unwrap_or_else(|_| Err(Error::failed(FailureKind::Unavailable, TooSlow))) {
                Ok(found) => {
                    for (question, found) in questions.into_iter().zip(found) {
                        question.answer(found.unwrap_or(Err(Unauthenticated.into())));
                    }
                }
                Err(error) => {
                    // Who waits already would only hear the same, later.
                    let waiting = std::mem::take(&mut self.inner.queue().questions);
                    questions
                        .into_iter()
                        .chain(waiting)
                        .for_each(|question| question.answer(Err(error.clone())));
                }
            }
        }
    }

    fn next(&mut self) -> Option<Vec<Question>> {
        let mut queue = self.inner.queue();
        queue.moved = Instant::now();
        queue.questions.retain(|question| !question.answer.is_closed());
        let taken = queue.questions.len().min(QUESTIONS_AT_A_TIME);
        if taken == 0 {
            queue.readers -= 1;
            self.counts = false;
            return None;
        }
        Some(queue.questions.drain(..taken).collect())
    }
}

impl Inner {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each change is one push, drain or number, so a panic elsewhere leaves nothing half-done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In the order of the askers; none for a session that does not live. A row that cannot be read is its asker's alone.
    async fn find(
        &self,
        db: &impl ConnectionTrait,
        askers: &[Asker],
    ) -> Result<Vec<Option<Result<Authority, Error>>>, Error> {
        let size = askers.len().next_power_of_two();
        let now = self.db.clock().now();
        // Where there are fewer askers, the last one asks again.
        let last = askers.iter().rev().take(1).cycle();
        let of_asker = |one: &Asker| [one.org.into(), one.account.into(), one.session.into(), now.into()];
        let values = askers.iter().chain(last).take(size).flat_map(of_asker).collect();
        let statement = &self.statements[size.ilog2() as usize];
        let statement = statement.fill(db.get_database_backend(), values, all);
        let mut found = vec![None; size];
        for row in db.query_all_raw(statement).await? {
            let place: i32 = row.try_get("", "place")?;
            let authority = Authority::from_query_result(&row, "").map_err(Error::from);
            if let Some(found) = usize::try_from(place).ok().and_then(|place| found.get_mut(place)) {
                *found = Some(authority);
            }
        }
        Ok(found)
    }
}

/// A row for each asker, who is an org, an account, a session, and now.
fn all(values: &[Value]) -> SelectStatement {
    let (askers, _) = values.as_chunks::<4>();
    let mut askers = askers.iter().enumerate().map(|(place, asker)| query(place, asker.clone()));
    let mut all = askers.next().unwrap_or_default();
    for one in askers {
        all.union(UnionType::All, one);
    }
    all
}

/// One asker's row, if the session lives. `users` belongs to a resource above this module, so it is named here, not imported.
fn query(place: usize, [org, account, session, now]: [Value; 4]) -> SelectStatement {
    let mut select = Query::select();
    select
        .expr_as(Expr::cust(place.to_string()), "place")
        .expr_as(Expr::col((membership::Entity, membership::Column::Role)), "role")
        .expr_as(Expr::col(("users", "id")), "user_id")
        .from(session::Entity)
        .inner_join(
            account::Entity,
            Expr::col((account::Entity, account::Column::Id))
                .equals((session::Entity, session::Column::AccountId)),
        )
        .left_join(
            membership::Entity,
            Expr::col((membership::Entity, membership::Column::OrgId))
                .eq(org.clone())
                .and(
                    Expr::col((membership::Entity, membership::Column::AccountId))
                        .equals((session::Entity, session::Column::AccountId)),
                )
                .and(Expr::col((membership::Entity, membership::Column::IsActive)).eq(true))
                .and(Expr::col((membership::Entity, membership::Column::ProvenAt)).is_not_null()),
        )
        .left_join(
            "users",
            Expr::col(("users", "org_id")).eq(org.clone()).and(
                Expr::col(("users", "account_id")).equals((session::Entity, session::Column::AccountId)),
            ),
        )
        .and_where(Expr::col((session::Entity, session::Column::Id)).eq(session))
        .and_where(Expr::col((session::Entity, session::Column::AccountId)).eq(account))
        .and_where(Expr::col((session::Entity, session::Column::RevokedAt)).is_null())
        .and_where(Expr::col((session::Entity, session::Column::ExpiresAt)).gt(now))
        .and_where(Expr::col((account::Entity, account::Column::IsActive)).eq(true));
    Versions::join(&mut select, org).take()
}
