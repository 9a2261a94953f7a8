//! The table `missions`, as SeaORM sees it.

use crate::{
    ids::{MissionId, OrgId, ProjectId},
    timestamp::Timestamp,
};
use sea_orm::entity::prelude::*;

/// A call with a start and an end.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "missions")]
#[allow(missing_docs, reason = "the columns are described in the schema")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: OrgId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MissionId,
    pub project_id: Option<ProjectId>,
    pub title: String,
    /// Title and place, by [`crate::search`]
    pub search: String,
    pub location: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub timezone: String,
    pub note: Option<String>,
    pub cancelled_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// None: queries join on the columns they need.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
