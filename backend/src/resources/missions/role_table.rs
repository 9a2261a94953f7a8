//! The table `mission_roles`, as SeaORM sees it.

use crate::{
    ids::{MissionId, MissionRoleId, OrgId},
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
