//! The digest: what waits for whoever plans, each morning.

use super::news;
use crate::{
    auth::entity::{Notify, org},
    db::{Origin, Tx},
    error::Error,
    ids::OrgId,
    outbox::Outbox,
    resources::{
        invitations::{self, Briefing},
        missions::{self, OpenRole},
        orgs,
    },
    state::App,
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::LockType,
};
use std::time::Duration;

/// Later than so long after its time, when nothing was running, a morning is over.
pub(super) const LATE: Duration = Duration::from_secs(4 * 3600);
/// Orgs looked at in one go.
const BATCH: u64 = 100;
/// Rows of each list; the others are counted.
const LISTED: u64 = 20;
/// Open roles of missions that start within this time.
const AHEAD: i64 = 7 * 24 * 3600;
/// Links that close within this time.
const CLOSING: i64 = 48 * 3600;
const HOUR: i64 = 3600;

/// Queues the digests that are due: one for each planner who wants it, where something waits.
///
/// # Errors
/// The first failure of an org, once all others are done, or when the database fails.
pub async fn queue_digests(app: &App) -> Result<(), Error> {
    if !app.outbox.can_send() {
        return Ok(());
    }
    let (mut after, mut done) = (None, Ok(()));
    loop {
        let due: Vec<OrgId> = org::Entity::find()
            .select_only()
            .column(org::Column::Id)
            .filter(is_due(app.db.clock().now()))
            .filter(Condition::all().add_option(after.map(|id: OrgId| org::Column::Id.gt(id))))
            .order_by_asc(org::Column::Id)
            .limit(BATCH)
            .into_tuple()
            .all(&app.db)
            .await?;
        for id in &due {
            // The others do not wait for it.
            done = done.and(queue_digest(app, *id).await.inspect_err(|error| {
                tracing::warn!(org_id = %id, %error, cause = ?error.cause(), "an org has no digest");
            }));
        }
        if (due.len() as u64) < BATCH {
            return done;
        }
        after = due.last().copied();
    }
}

fn is_due(now: Timestamp) -> Condition {
    let due = Condition::any().add(org::Column::DigestAt.is_null()).add(org::Column::DigestAt.lte(now));
    Condition::all().add(org::Column::DeletedAt.is_null()).add(due)
}

/// Queues a digest of a locked org for each planner who wants it.
///
/// # Errors
/// When the database fails.
pub async fn queue_for_planners(outbox: Outbox, tx: &Tx, org: OrgId) -> Result<(), Error> {
    let planners = news::planners(tx, org, &[Notify::Declines, Notify::All]).await?;
    outbox.queue_digests(tx, org, planners).await
}

async fn queue_digest(app: &App, id: OrgId) -> Result<(), Error> {
    let find = |now| org::Entity::find_by_id(id).filter(is_due(now));
    let now = app.db.clock().now();
    let Some(row) = find(now).one(&app.db).await? else { return Ok(()) };
    // Before the transaction, which on SQLite all writers wait for.
    let waits = !of(&app.db, &row, now).await?.is_empty();
    let tx = app.db.write(Origin { tenant: Some(id), ..Origin::system() }).await?;
    // Of two instances one finds it due.
    let Some(row) = find(tx.now).lock(LockType::NoKeyUpdate).one(&tx).await? else { return Ok(()) };
    let next = orgs::next_morning(tx.now, &row.timezone)?;
    if waits && row.digest_at.is_some_and(|at| tx.now.since(at) < LATE) {
        queue_for_planners(app.outbox, &tx, id).await?;
    }
    let row = org::ActiveModel { digest_at: Set(Some(next)), ..Default::default() };
    org::Entity::update_many().set(row).filter(org::Column::Id.eq(id)).exec(&tx).await?;
    tx.commit().await
}

/// The first rows of a list, and how many it has.
#[derive(Debug)]
pub(super) struct Listed<T> {
    pub rows: Vec<T>,
    pub total: u64,
}

impl<T> Listed<T> {
    pub(super) fn more(&self) -> u64 {
        self.total.saturating_sub(self.rows.len() as u64)
    }
}

/// What waits for whoever plans.
#[derive(Debug)]
pub(super) struct Digest {
    pub unanswered: Listed<Briefing>,
    pub open_roles: Listed<OpenRole>,
    pub expiring: Listed<Briefing>,
}

impl Digest {
    fn is_empty(&self) -> bool {
        self.unanswered.total + self.open_roles.total + self.expiring.total == 0
    }
}

/// # Errors
/// When the database fails.
pub(super) async fn of(db: &impl ConnectionTrait, org: &org::Model, now: Timestamp) -> Result<Digest, Error> {
    let asked_before = now.plus_seconds(-HOUR * i64::from(org.digest_hours));
    let (rows, total) = invitations::unanswered(db, org.id, asked_before, (now, LISTED)).await?;
    let unanswered = Listed { rows, total };
    let (rows, total) = invitations::closing(db, org.id, now.plus_seconds(CLOSING), (now, LISTED)).await?;
    let expiring = Listed { rows, total };
    let (rows, total) = missions::open_roles(db, org.id, (now, now.plus_seconds(AHEAD)), LISTED).await?;
    Ok(Digest { unanswered, open_roles: Listed { rows, total }, expiring })
}
