//! The rows of `idempotency_keys`.

use crate::{ids::OrgId, timestamp::Timestamp};
use sea_orm::entity::prelude::*;

/// A request that may be repeated, and its response.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: OrgId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub caller_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub path: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub request_hash: Vec<u8>,
    pub answer: Vec<u8>,
    pub created_at: Timestamp,
}

/// None: queries join on the columns they need.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl crate::db::OfOrg for Entity {
    const ORG_ID: Column = Column::OrgId;
}
