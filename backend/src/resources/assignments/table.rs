//! The table `assignments`, as SeaORM sees it.

use super::{
    model::AssignmentStatus,
    refusal::{AlreadyAssigned, QuotaReached, ScheduleConflict},
};
use crate::{
    db::Constraint,
    error::{Clashes, Error},
    ids::{AssignmentId, MissionId, MissionRoleId, OrgId, UserId},
    timestamp::Timestamp,
};
use sea_orm::entity::prelude::*;

/// A person on a mission.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "assignments")]
#[allow(missing_docs, reason = "the columns are described in the schema")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: OrgId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssignmentId,
    pub mission_id: MissionId,
    pub user_id: UserId,
    pub mission_role_id: Option<MissionRoleId>,
    pub status: AssignmentStatus,
    pub note: Option<String>,
    pub decline_reason: Option<String>,
    pub conflict_override: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// None: queries join on the columns they need.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Two accepted assignments of one user would overlap, and the one that is written carries no override.
const NO_DOUBLE_BOOKING: Constraint = Constraint::trigger("assignments_no_double_booking");
/// A second active assignment of a user on a mission.
const ONE_ACTIVE: Constraint = Constraint::unique(
    "assignments_one_active",
    "assignments.org_id, assignments.mission_id, assignments.user_id",
);
/// More accepted users than the mission role's quota.
const QUOTA: Constraint = Constraint::trigger("assignments_quota");

/// What it means that the schema refused a write of assignments, or one that changes their time.
pub fn refused(error: DbErr) -> Error {
    if NO_DOUBLE_BOOKING.refused(&error) {
        ScheduleConflict { conflicts: Clashes::default() }.into()
    } else if ONE_ACTIVE.refused(&error) {
        AlreadyAssigned.into()
    } else {
        QUOTA.or(error, || QuotaReached)
    }
}
