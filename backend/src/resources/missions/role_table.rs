//! The table `mission_roles`, as SeaORM sees it.

use crate::{
    db::Constraint,
    error::{Duplicate, Error},
    ids::{MissionId, MissionRoleId, OrgId},
    resources::assignments,
    text::NameKey,
    timestamp::Timestamp,
};
use sea_orm::entity::prelude::*;

/// A post on a mission.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mission_roles")]
#[allow(missing_docs, reason = "the columns are described in the schema")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: OrgId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MissionRoleId,
    pub mission_id: MissionId,
    pub role_name: String,
    pub name_key: NameKey,
    pub quota: Option<i32>,
    pub position: i32,
    pub created_at: Timestamp,
}

/// None: queries join on the columns they need.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A mission has each role once.
const NAME: Constraint = Constraint::unique(
    "mission_roles_name",
    "mission_roles.org_id, mission_roles.mission_id, mission_roles.name_key",
);
/// A quota below the number of those who have accepted.
const QUOTA: Constraint = Constraint::trigger("mission_roles_quota");

/// What it means that the schema refused a write of mission roles.
pub fn refused(error: DbErr) -> Error {
    if QUOTA.refused(&error) {
        return assignments::QuotaReached.into();
    }
    let detail = "A mission has each role once; add up their quotas.";
    NAME.or(error, || Duplicate { pointer: "/roles", detail })
}
