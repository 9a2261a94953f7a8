//! What every authenticated request asks first: is the session alive, what may its account do in the org, and which versions
//! have the org's cached lists. Read from the database at each request, so that revocation and demotion take effect at once.
//!
//! Concurrent requests share one statement, because its round trip costs far more than the rows that it looks up. An answer is
//! never older than its question: a statement takes only what was asked before it was sent. Where the tables are distributed
//! it takes what is asked about one org: that is one server, while 16 orgs at once took 190 ms instead of 0.7.

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

/// Concurrent statements of one server. While they run, new questions wait for the next one.
const READERS: usize = 2;
/// When no reader took a question for this long, all are considered stuck (a dead connection, an exhausted pool), and another
/// one is started.
const STUCK: Duration = Duration::from_millis(100);
/// Timeout of a statement, shorter than a request's.
const PATIENCE: Duration = Duration::from_secs(5);
/// A statement takes 1, 2, 4, 8 or 16 questions, so that only five have to be prepared.
const SIZES: usize = 5;
const QUESTIONS_AT_A_TIME: usize = 1 << (SIZES - 1);

/// What an account may do in an org when it is asked for.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Authority {
    /// The role in the org; `None` unless the account has an active and proven (not pending) membership.
    pub role: Option<Role>,
    /// The org's user that is linked to the account.
    pub user_id: Option<UserId>,
    /// The versions of the org's cached lists.
    #[sea_orm(nested)]
    pub versions: Versions,
}

/// Whose authority is asked for.
#[derive(Debug, Clone, Copy)]
pub struct AuthorityKey {
    /// The org to act in.
    pub org: OrgId,
    pub account: AccountId,
    pub session: SessionId,
}

struct Question {
    asker: AuthorityKey,
    answer: oneshot::Sender<Result<Authority, Error>>,
}

impl Question {
    fn answer(self, authority: Result<Authority, Error>) {
        // The receiver is gone when the client hung up.
        let _ = self.answer.send(authority);
    }
}

/// Answers questions in batches. Clones share the queue.
#[derive(Clone)]
pub struct Authorities(Arc<Inner>);

struct Inner {
    db: Database,
    queue: Mutex<Queue>,
    /// Indexed by the binary logarithm of the number of questions.
    statements: [Template; SIZES],
}

struct Queue {
    questions: VecDeque<Question>,
    readers: usize,
    /// When a reader last started, took questions, or found none.
    moved: Instant,
}

impl Queue {
    fn wants_a_reader(&self, usual: usize, most: usize) -> bool {
        self.readers < usual || self.readers < most && self.moved.elapsed() > STUCK
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
    /// database cannot be reached in time.
    pub async fn of(&self, asker: AuthorityKey) -> Result<Authority, Error> {
        let (answer, answered) = oneshot::channel();
        let reader = {
            let mut queue = self.0.queue();
            queue.questions.push_back(Question { asker, answer });
            queue.wants_a_reader(self.0.readers(), self.0.db.max_connections()).then(|| {
                queue.readers += 1;
                queue.moved = Instant::now();
                Reader { inner: Arc::clone(&self.0), counts: true }
            })
        };
        if let Some(reader) = reader {
            // In its own task: this caller may be cancelled while others wait for the same statement.
            tokio::spawn(reader.read());
        }
        answered.await.map_err(|_| Error::internal(ReaderGone))?
    }

    /// As [`Authorities::of`], read in this transaction.
    ///
    /// # Errors
    /// As [`Authorities::of`].
    pub async fn within(&self, tx: &Tx, asker: AuthorityKey) -> Result<Authority, Error> {
        let found = self.0.find(tx, &[asker]).await?;
        found.into_iter().flatten().next().unwrap_or(Err(Unauthenticated.into()))
    }

    /// Whether others can write while a write transaction is open (not in SQLite), and there is a second connection to ask on.
    pub fn allows_concurrent_writes(&self) -> bool {
        let db = &self.0.db;
        db.get_database_backend() == DbBackend::Postgres && db.max_connections() > 1
    }
}

/// A task that runs statements until no question is left.
struct Reader {
    inner: Arc<Inner>,
    /// Whether it is counted in `Queue::readers`. It leaves under the same lock under which it finds no question, so that the
    /// next question starts a reader.
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
            let askers: Vec<AuthorityKey> = questions.iter().map(|question| question.asker).collect();
            let found = tokio::time::timeout(PATIENCE, self.inner.find(&self.inner.db, &askers)).await;
            match found.unwrap_or_else(|_| Err(Error::failed(FailureKind::Unavailable, TooSlow))) {
                Ok(found) => {
                    for (question, found) in questions.into_iter().zip(found) {
                        question.answer(found.unwrap_or(Err(Unauthenticated.into())));
                    }
                }
                Err(error) => {
                    // Those in the queue would get the same error, only later.
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
        let taken = take(&mut queue.questions, self.inner.db.is_distributed());
        if taken.is_empty() {
            queue.readers -= 1;
            self.counts = false;
            return None;
        }
        Some(taken)
    }
}

/// The questions of the next statement, the oldest first: all of one org where that is `of_one_org`.
fn take(questions: &mut VecDeque<Question>, of_one_org: bool) -> Vec<Question> {
    if !of_one_org {
        return questions.drain(..questions.len().min(QUESTIONS_AT_A_TIME)).collect();
    }
    let Some(org) = questions.front().map(|question| question.asker.org) else { return Vec::new() };
    let (mut taken, mut left) = (Vec::new(), VecDeque::with_capacity(questions.len()));
    for question in questions.drain(..) {
        match question.asker.org == org && taken.len() < QUESTIONS_AT_A_TIME {
            true => taken.push(question),
            false => left.push_back(question),
        }
    }
    *questions = left;
    taken
}

impl Inner {
    /// Concurrent statements. Those about one org each wait for different servers.
    fn readers(&self) -> usize {
        if self.db.is_distributed() { READERS.max(self.db.max_connections() / 2) } else { READERS }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Each change is one push, drain or number, so the queue is consistent even if the lock is poisoned.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In the order of the askers; `None` when the session is not alive. A row that cannot be decoded fails only its asker.
    async fn find(
        &self,
        db: &impl ConnectionTrait,
        askers: &[AuthorityKey],
    ) -> Result<Vec<Option<Result<Authority, Error>>>, Error> {
        let size = askers.len().next_power_of_two();
        let now = self.db.clock().now();
        // Pads to `size` with the last asker.
        let last = askers.iter().rev().take(1).cycle();
        let of_asker =
            |one: &AuthorityKey| [one.org.into(), one.account.into(), one.session.into(), now.into()];
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

/// One row per asker, each given as four values: org, account, session, now.
fn all(values: &[Value]) -> SelectStatement {
    let (askers, _) = values.as_chunks::<4>();
    let mut askers = askers.iter().enumerate().map(|(place, asker)| query(place, asker.clone()));
    let mut all = askers.next().unwrap_or_default();
    for one in askers {
        all.union(UnionType::All, one);
    }
    all
}

/// One asker's row, if the session is alive. `users` belongs to a resource above this module, so it is named, not imported.
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

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn asked(orgs: &str) -> VecDeque<Question> {
        let question = |(number, org): (usize, char)| Question {
            asker: AuthorityKey {
                org: Uuid::from_u128(u128::from(org)).into(),
                account: Uuid::from_u128(number as u128).into(),
                session: Uuid::nil().into(),
            },
            answer: oneshot::channel().0,
        };
        orgs.chars().enumerate().map(question).collect()
    }

    /// The orgs of each statement in turn, as letters, and the order of its askers.
    fn statements(orgs: &str, of_one_org: bool) -> Vec<(String, Vec<u128>)> {
        let mut waiting = asked(orgs);
        let mut statements = Vec::new();
        loop {
            let taken = take(&mut waiting, of_one_org);
            if taken.is_empty() {
                return statements;
            }
            let letter =
                |one: &Question| u32::try_from(one.asker.org.0.as_u128()).ok().and_then(char::from_u32);
            let places = taken.iter().map(|one| one.asker.account.0.as_u128()).collect();
            statements.push((taken.iter().filter_map(letter).collect(), places));
        }
    }

    #[test]
    fn a_statement_takes_what_comes_or_what_is_of_one_org() {
        let of = |orgs: &str, places: &[u128]| (orgs.to_owned(), places.to_vec());
        assert_eq!(statements("abac", false), [of("abac", &[0, 1, 2, 3])]);
        assert_eq!(statements("abac", true), [of("aa", &[0, 2]), of("b", &[1]), of("c", &[3])]);
        let many = "a".repeat(QUESTIONS_AT_A_TIME + 1) + "b";
        let sizes =
            |of_one_org| statements(&many, of_one_org).iter().map(|(orgs, _)| orgs.len()).collect::<Vec<_>>();
        assert_eq!((sizes(false), sizes(true)), (vec![16, 2], vec![16, 1, 1]));
        assert_eq!(statements("", true), []);
    }
}
