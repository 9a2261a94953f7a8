//! The table `audit_details`, as SeaORM sees it.

use crate::{db::JsonText, ids::AuditId, timestamp::Timestamp};
use sea_orm::entity::prelude::*;

/// The object before and after.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_details")]
#[allow(missing_docs, reason = "the columns are described in the schema")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub audit_id: AuditId,
    pub before: Option<JsonText>,
    pub after: Option<JsonText>,
    pub created_at: Timestamp,
}

/// None: queries join on the columns they need.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
