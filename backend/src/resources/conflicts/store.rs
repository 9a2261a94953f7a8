//! The query behind conflicts.

use super::rules;
use crate::{
    db::Timestamp,
    error::Error,
    ids::{AssignmentId, MissionId, OrgId, UserId},
    resources::{
        assignments::{AssignmentStatus, table as assignment},
        missions::table as mission,
        users::table as user,
    },
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A person's conflicts.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserConflicts {
    /// The person.
    pub user_id: UserId,
    /// Each overlapping pair, by start.
    pub conflicts: Vec<Conflict>,
}

/// Two accepted assignments that overlap.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conflict {
    /// The one that starts first.
    pub a1: AssignmentId,
    /// The other.
    pub a2: AssignmentId,
    /// The first one's mission.
    pub mission1: ConflictMission,
    /// The other one's mission.
    pub mission2: ConflictMission,
    /// From when both need the person.
    pub overlap_start: Timestamp,
    /// Until when.
    pub overlap_end: Timestamp,
    /// Why a planner accepted both.
    pub override_reason: Option<String>,
}

/// A mission that takes part in a conflict.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConflictMission {
    /// Its id.
    pub id: MissionId,
    /// What it is.
    pub title: String,
    /// Where.
    pub location: Option<String>,
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends.
    pub end_at: Timestamp,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    id: AssignmentId,
    mission_id: MissionId,
    title: String,
    location: Option<String>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    conflict_override: Option<String>,
}

impl Row {
    fn mission(&self) -> ConflictMission {
        ConflictMission {
            id: self.mission_id,
            title: self.title.clone(),
            location: self.location.clone(),
            start_at: self.starts_at,
            end_at: self.ends_at,
        }
    }
}

/// The conflicts of one person.
pub async fn of_user(db: &impl ConnectionTrait, org: OrgId, id: UserId) -> Result<UserConflicts, Error> {
    user::Entity::find_by_id((org, id)).one(db).await?.ok_or(Error::NotFound)?;
    let rows = assignment::Entity::find()
        .select_only()
        .columns([
            assignment::Column::Id,
            assignment::Column::MissionId,
            assignment::Column::StartsAt,
            assignment::Column::EndsAt,
            assignment::Column::ConflictOverride,
        ])
        .columns([mission::Column::Title, mission::Column::Location])
        .join(
            JoinType::InnerJoin,
            assignment::Entity::belongs_to(mission::Entity)
                .from((assignment::Column::OrgId, assignment::Column::MissionId))
                .to((mission::Column::OrgId, mission::Column::Id))
                .into(),
        )
        .filter(assignment::Column::OrgId.eq(org))
        .filter(assignment::Column::UserId.eq(id))
        .filter(assignment::Column::Status.eq(AssignmentStatus::Accepted))
        .order_by_asc(assignment::Column::StartsAt)
        .order_by_asc(assignment::Column::Id)
        .into_model::<Row>()
        .all(db)
        .await?;
    let periods: Vec<_> = rows.iter().map(|row| (row.starts_at, row.ends_at)).collect();
    let conflict = |(first, second): (usize, usize)| {
        let (first, second) = (&rows[first], &rows[second]);
        Conflict {
            a1: first.id,
            a2: second.id,
            mission1: first.mission(),
            mission2: second.mission(),
            overlap_start: second.starts_at,
            overlap_end: first.ends_at.min(second.ends_at),
            override_reason: second.conflict_override.clone().or_else(|| first.conflict_override.clone()),
        }
    };
    Ok(UserConflicts {
        user_id: id,
        conflicts: rules::overlaps(&periods).into_iter().map(conflict).collect(),
    })
}
