//! Assignments as their rows are at one instant, and going back to them.

use super::{
    super::{
        entity::assignment,
        model::AssignmentStatus,
        read::{self, MissionPeriod},
        refusal::ScheduleConflict,
        told::Told,
    },
    meaning_of, next_sequence,
};
use crate::{
    db::{OfOrg, OrRefusal, Tx},
    error::Error,
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, UserId},
    timestamp::Timestamp,
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder, QueryResult,
    QuerySelect,
    sea_query::{Expr, ExprTrait, LockType, Query},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// An assignment's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image(assignment::Model);

impl Image {
    pub fn mission(&self) -> MissionId {
        self.0.mission_id
    }

    pub fn user(&self) -> UserId {
        self.0.user_id
    }

    pub fn role(&self) -> Option<MissionRoleId> {
        self.0.mission_role_id
    }

    pub fn is_active(&self) -> bool {
        super::is_active(self.0.status)
    }

    pub fn status(&self) -> AssignmentStatus {
        self.0.status
    }

    pub fn start_at(&self) -> Timestamp {
        self.0.starts_at
    }

    /// Whether it is accepted, and over nothing else.
    pub fn is_plainly_accepted(&self) -> bool {
        self.is_accepted() && !self.is_overriding()
    }

    /// Whether a reason was given to accept it over others.
    pub fn is_overriding(&self) -> bool {
        self.0.conflict_override.is_some()
    }

    /// Without that reason.
    #[must_use]
    pub fn plain(self) -> Self {
        Self(assignment::Model { conflict_override: None, ..self.0 })
    }

    /// This, to be confirmed by its user.
    #[must_use]
    pub fn unconfirmed(self) -> Self {
        Self(assignment::Model { needs_confirmation: true, ..self.0 })
    }

    pub fn is_accepted(&self) -> bool {
        self.0.status == AssignmentStatus::Accepted
    }

    /// Without the time of its mission, and without what changes when mails go out.
    #[must_use]
    pub fn settled(&self) -> Self {
        Self(assignment::Model { told_at: None, shown: None, ..self.unmoved().0 })
    }

    /// Without the time of its mission.
    #[must_use]
    pub fn unmoved(&self) -> Self {
        let none = Timestamp::from_micros(0);
        Self(assignment::Model { starts_at: none, ends_at: none, ..self.0.clone() })
    }

    /// Without what every write counts up, also one that goes back.
    #[must_use]
    pub fn unstamped(&self) -> Self {
        Self(assignment::Model { sequence: 0, updated_at: self.0.created_at, ..self.0.clone() })
    }

    /// At the time to which its mission moves.
    #[must_use]
    pub fn at(&self, told: &Told) -> Self {
        Self(assignment::Model { starts_at: told.start_at, ends_at: told.end_at, ..self.0.clone() })
    }

    /// Whether its user was mailed about it at this instant or later.
    pub fn is_told_since(&self, at: Timestamp) -> bool {
        self.0.told_at.is_some_and(|told| told >= at)
    }

    /// This as it was, of somebody who was told since: they know what they were told.
    ///
    /// # Errors
    /// Never: a time and a place are JSON.
    pub fn knowing(self, now: &Self, moved_from: Option<&Told>) -> Result<Self, Error> {
        let shown = match (&now.0.shown, moved_from) {
            (None, Some(from)) if now.0.told_at.is_some() => Some(from.to_stored()?),
            (shown, _) => shown.clone(),
        };
        Ok(Self(assignment::Model { told_at: now.0.told_at, shown, ..self.0 }))
    }
}

/// Assignments with these ids, and all of these missions.
///
/// # Errors
/// When the database fails.
pub async fn images(
    tx: &Tx,
    org: OrgId,
    ids: BTreeSet<AssignmentId>,
    missions: BTreeSet<MissionId>,
) -> Result<BTreeMap<AssignmentId, Image>, Error> {
    use assignment::Column;
    if ids.is_empty() && missions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let chosen = Condition::any().add(Column::Id.is_in(ids)).add(Column::MissionId.is_in(missions));
    let rows = assignment::Entity::of(org).filter(chosen).all(tx).await?;
    Ok(rows.into_iter().map(|row| (row.id, Image(row))).collect())
}

/// Pairs of these users' accepted assignments that overlap, the one with an override first.
///
/// # Errors
/// When the database fails.
pub async fn overlaps(
    tx: &Tx,
    org: OrgId,
    users: BTreeSet<UserId>,
) -> Result<BTreeSet<(AssignmentId, AssignmentId)>, Error> {
    if users.is_empty() {
        return Ok(BTreeSet::new());
    }
    let column = |table: &'static str, column: assignment::Column| Expr::col((table, column));
    let (one, other) = (|name| column("one", name), |name| column("other", name));
    use assignment::Column;
    let select = Query::select()
        .expr_as(one(Column::Id), "one_id")
        .expr_as(other(Column::Id), "other_id")
        .from_as(assignment::Entity, "one")
        .join_as(
            JoinType::InnerJoin,
            assignment::Entity,
            "other",
            Condition::all()
                .add(other(Column::OrgId).eq(org))
                .add(other(Column::UserId).eq(one(Column::UserId)))
                .add(other(Column::Id).ne(one(Column::Id)))
                .add(other(Column::Status).eq(AssignmentStatus::Accepted))
                .add(other(Column::StartsAt).lt(one(Column::EndsAt)))
                .add(other(Column::EndsAt).gt(one(Column::StartsAt))),
        )
        .and_where(one(Column::OrgId).eq(org))
        .and_where(one(Column::UserId).is_in(users))
        .and_where(one(Column::Status).eq(AssignmentStatus::Accepted))
        .and_where(one(Column::ConflictOverride).is_not_null())
        .take();
    let pair = |row: QueryResult| Ok((row.try_get("", "one_id")?, row.try_get("", "other_id")?));
    tx.query_all(&select).await?.into_iter().map(pair).collect()
}

/// Assignments of these people that were accepted over another one before `until` and still are. An accepted row without an
/// override cannot be written beside them, though that is how it was. Locks them (`FOR NO KEY UPDATE`), as their missions are not
/// locked and may be cancelled.
///
/// # Errors
/// When the database fails.
pub async fn overriding(
    tx: &Tx,
    org: OrgId,
    users: BTreeSet<UserId>,
    until: Timestamp,
) -> Result<BTreeMap<AssignmentId, Image>, Error> {
    use assignment::Column;
    if users.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = assignment::Entity::of(org)
        .filter(Column::UserId.is_in(users))
        .filter(Column::Status.eq(AssignmentStatus::Accepted))
        .filter(Column::ConflictOverride.is_not_null())
        .filter(Column::UpdatedAt.lte(until))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, Image(row))).collect())
}

/// How assignments become what they were.
#[derive(Debug, Default)]
pub struct GoingBack {
    /// Not there before.
    pub deleted: BTreeSet<AssignmentId>,
    /// What the others become.
    pub writes: Vec<(Image, Write)>,
}

/// What is written of an assignment that becomes as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// All of it: it was there before, and is not now.
    Insert,
    /// All that can change.
    Change,
    /// What its user knows.
    Tell,
    /// Nothing: it was taken out of the way.
    Nothing,
}

impl GoingBack {
    /// Takes all of them out of the way, so that those that come back meet only what stays: in between, two of them might overlap.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(&self, tx: &Tx, org: OrgId) -> Result<(), Error> {
        let kept = self.writes.iter().filter(|(_, write)| *write != Write::Insert);
        let ids: BTreeSet<_> = kept.map(|(image, _)| image.0.id).collect();
        if !ids.is_empty() {
            assignment::Entity::update_of(org)
                .set(assignment::ActiveModel {
                    status: Set(AssignmentStatus::Cancelled),
                    conflict_override: Set(None),
                    ..Default::default()
                })
                .filter(assignment::Column::Id.is_in(ids))
                .exec(tx)
                .await?;
        }
        if !self.deleted.is_empty() {
            let gone = assignment::Column::Id.is_in(self.deleted.iter().copied());
            assignment::Entity::delete_of(org).filter(gone).exec(tx).await?;
        }
        Ok(())
    }

    /// Writes them, once their missions are where they were: who is not accepted first, and last whoever has an override.
    ///
    /// # Errors
    /// [`ScheduleConflict`], [`QuotaReached`](super::super::QuotaReached) or [`AlreadyAssigned`](super::super::AlreadyAssigned), for
    /// what was planned since.
    pub async fn finish(mut self, tx: &Tx, org: OrgId) -> Result<(), Error> {
        self.writes
            .sort_by_key(|(image, _)| (image.is_accepted(), image.0.conflict_override.is_some(), image.0.id));
        for (image, write) in self.writes {
            if image.is_plainly_accepted() {
                check_free(tx, org, &image).await?;
            }
            image.write(tx, org, write).await?;
        }
        Ok(())
    }
}

/// Names what is in the way, which the database would refuse without a name, or let pass with an override.
///
/// # Errors
/// [`ScheduleConflict`].
pub async fn check_free(tx: &Tx, org: OrgId, image: &Image) -> Result<(), Error> {
    let row = &image.0;
    let period = MissionPeriod { mission: row.mission_id, start: row.starts_at, end: row.ends_at };
    let conflicts = read::conflicts(tx, org, [row.user_id], period).await?;
    if conflicts.is_empty() { Ok(()) } else { Err(ScheduleConflict { conflicts }.into()) }
}

impl Image {
    async fn write(self, tx: &Tx, org: OrgId, write: Write) -> Result<(), Error> {
        let Self(row) = self;
        let id = row.id;
        let standing = assignment::ActiveModel {
            status: Set(row.status),
            conflict_override: Set(row.conflict_override.clone()),
            ..Default::default()
        };
        let told = assignment::ActiveModel {
            told_at: Set(row.told_at),
            shown: Set(row.shown.clone()),
            ..standing.clone()
        };
        let set = match write {
            Write::Insert => {
                let row = assignment::Model { updated_at: tx.now, ..row };
                tx.insert_all(vec![row.into_active_model()]).await.or_refusal(meaning_of)?;
                return Ok(());
            }
            Write::Nothing => standing,
            Write::Tell => told,
            Write::Change => assignment::ActiveModel {
                mission_role_id: Set(row.mission_role_id),
                note: Set(row.note),
                decline_reason: Set(row.decline_reason),
                needs_confirmation: Set(row.needs_confirmation),
                agreed: Set(row.agreed),
                updated_at: Set(tx.now),
                ..told
            },
        };
        let mut update = assignment::Entity::update_of(org).set(set);
        if write == Write::Change {
            update = update.col_expr(assignment::Column::Sequence, next_sequence());
        }
        update.filter(assignment::Column::Id.eq(id)).exec(tx).await.or_refusal(meaning_of)?;
        Ok(())
    }
}
