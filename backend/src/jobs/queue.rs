//! Every statement about jobs.

use super::{
    Job,
    entity::{ActiveModel, Column, Entity, Model},
};
use crate::{
    db::{Database, JsonText, Origin, Tx},
    error::Error,
    ids::{JobId, OrgId},
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};
use serde::Serialize;
use std::time::Duration;

/// A job that is not stored yet.
#[derive(Debug)]
pub struct NewJob {
    kind: &'static str,
    payload: JsonText,
    after: Duration,
}

impl NewJob {
    /// Due at once.
    ///
    /// # Errors
    /// When the job cannot be serialised, which is a defect.
    pub fn of<J: Job>(job: &J) -> Result<Self, Error> {
        let payload = JsonText::of(job).map_err(|error| Error::internal(error))?;
        Ok(Self { kind: J::KIND, payload, after: Duration::ZERO })
    }

    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }
}

impl Tx {
    /// Stores jobs: they are done if this transaction is committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn enqueue(
        &self,
        org: impl Into<Option<OrgId>>,
        jobs: impl IntoIterator<Item = NewJob>,
    ) -> Result<(), Error> {
        let org = org.into();
        let row = |NewJob { kind, payload, after }| ActiveModel {
            id: Set(self.new_id()),
            org_id: Set(org),
            kind: Set(kind.to_owned()),
            payload: Set(payload),
            created_at: Set(self.now),
            due_at: Set(later(self.now, after)),
            claims: Set(0),
            attempts: Set(0),
            last_error: Set(None),
            given_up_at: Set(None),
        };
        let rows: Vec<_> = jobs.into_iter().map(row).collect();
        if !rows.is_empty() {
            self.insert_all(rows).await?;
            self.wakes_workers();
        }
        Ok(())
    }
}

fn later(now: Timestamp, after: Duration) -> Timestamp {
    Timestamp::from_micros(
        now.as_micros().saturating_add(i64::try_from(after.as_micros()).unwrap_or(i64::MAX)),
    )
}

/// When the next job of a kind is due; `None` when there is none.
pub(super) async fn next_due(db: &Database, kind: &'static str) -> Result<Option<Timestamp>, Error> {
    let next = Entity::find()
        .select_only()
        .column(Column::DueAt)
        .filter(Column::GivenUpAt.is_null())
        .filter(Column::Kind.eq(kind))
        .order_by_asc(Column::DueAt)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}

/// Claims at most `count` due jobs of these kinds, the oldest first, until `lease` is over.
pub(super) async fn claim(
    db: &Database,
    kinds: impl IntoIterator<Item = &'static str>,
    count: u64,
    lease: Duration,
) -> Result<Vec<Model>, Error> {
    let tx = db.write(Origin::system()).await?;
    let due: Vec<JobId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::GivenUpAt.is_null())
        .filter(Column::Kind.is_in(kinds))
        .filter(Column::DueAt.lte(tx.now))
        .order_by_asc(Column::DueAt)
        .order_by_asc(Column::Id)
        .limit(count)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&tx)
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let claimed = Entity::update_many()
        .set(ActiveModel { due_at: Set(later(tx.now, lease)), ..Default::default() })
        .col_expr(Column::Claims, Expr::col(Column::Claims).add(1))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.is_in(due))
        .exec_with_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Whose a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Ours,
    /// Its lease ended, and it was claimed again.
    Lost,
    /// It has ended.
    Gone,
}

/// Locks a claimed job (`FOR UPDATE`) until the transaction ends, if it is still there.
pub(super) async fn lock(tx: &Tx, job: &Model) -> Result<Claim, Error> {
    let found = Entity::find_by_id(job.id).lock(LockType::Update).one(tx).await?;
    Ok(match found {
        Some(found) if found.claims == job.claims => Claim::Ours,
        Some(_) => Claim::Lost,
        None => Claim::Gone,
    })
}

pub(super) async fn end(tx: &Tx, id: JobId) -> Result<(), Error> {
    Entity::delete_by_id(id).exec(tx).await?;
    Ok(())
}

/// Makes a failed job due again `after` a delay, or gives it up; false when it was claimed again or has ended.
pub(super) async fn note_failure(
    db: &Database,
    job: &Model,
    error: String,
    after: Option<Duration>,
) -> Result<bool, Error> {
    let tx = db.write(Origin::system()).await?;
    let change = match after {
        Some(after) => ActiveModel { due_at: Set(later(tx.now, after)), ..Default::default() },
        None => ActiveModel { given_up_at: Set(Some(tx.now)), ..Default::default() },
    };
    let done = Entity::update_many()
        .set(ActiveModel { last_error: Set(Some(error)), ..change })
        .filter(Column::Id.eq(job.id).and(Column::Claims.eq(job.claims)))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(done.rows_affected == 1)
}

/// How many jobs are stored: not done, or given up.
///
/// # Errors
/// When the database fails.
pub async fn left(db: &Database) -> Result<u64, Error> {
    Ok(Entity::find().count(db).await?)
}

/// A job that an operator should look at.
#[derive(Debug, Serialize)]
pub struct Stuck {
    pub id: JobId,
    pub kind: String,
    pub org: Option<OrgId>,
    pub attempts: i32,
    pub due_at: Timestamp,
    /// `None` for one that is overdue: no server is there that knows its kind, or none keeps up.
    pub given_up_at: Option<Timestamp>,
    pub error: Option<String>,
}

/// The oldest `count` jobs that were given up, or have been due for more than `overdue`.
///
/// # Errors
/// When the database fails.
pub async fn stuck(db: &Database, overdue: Duration, count: u64) -> Result<Vec<Stuck>, Error> {
    let now = db.clock().now().as_micros();
    let since = Timestamp::from_micros(now - i64::try_from(overdue.as_micros()).unwrap_or(i64::MAX));
    let rows = Entity::find()
        .filter(Column::GivenUpAt.is_not_null().or(Column::DueAt.lt(since)))
        .order_by_asc(Column::DueAt)
        .limit(count)
        .all(db)
        .await?;
    let told = |row: Model| Stuck {
        id: row.id,
        kind: row.kind,
        org: row.org_id,
        attempts: row.attempts,
        due_at: row.due_at,
        given_up_at: row.given_up_at,
        error: row.last_error,
    };
    Ok(rows.into_iter().map(told).collect())
}

/// Makes jobs that were given up due again, all or one, with new attempts; says how many.
///
/// # Errors
/// When the database fails.
pub async fn retry(db: &Database, only: Option<JobId>) -> Result<u64, Error> {
    let tx = db.write(Origin::system()).await?;
    let again =
        ActiveModel { due_at: Set(tx.now), attempts: Set(0), given_up_at: Set(None), ..Default::default() };
    let mut update = Entity::update_many().set(again).filter(Column::GivenUpAt.is_not_null());
    if let Some(id) = only {
        update = update.filter(Column::Id.eq(id));
    }
    let done = update.exec(&tx).await?;
    tx.wakes_workers();
    tx.commit().await?;
    Ok(done.rows_affected)
}

/// Deletes a job that was given up; false when there is none with this id.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &Database, id: JobId) -> Result<bool, Error> {
    let tx = db.write(Origin::system()).await?;
    let done = Entity::delete_by_id(id).filter(Column::GivenUpAt.is_not_null()).exec(&tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected == 1)
}
