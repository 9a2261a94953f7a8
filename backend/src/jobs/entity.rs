//! The rows of jobs.

use crate::{
    db::JsonText,
    ids::{JobId, OrgId},
    timestamp::Timestamp,
};
use sea_orm::entity::prelude::*;

/// A job that is not done.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    /// Whose it is; `None` for what concerns no org.
    pub org_id: Option<OrgId>,
    pub kind: String,
    pub payload: JsonText,
    pub created_at: Timestamp,
    /// When it may be claimed: of a claimed one, when its lease ends.
    pub due_at: Timestamp,
    /// How often it was claimed. Only the latest claim may end it.
    pub claims: i64,
    /// Claims since it was stored, or since an operator had it tried again.
    pub attempts: i32,
    pub last_error: Option<String>,
    pub given_up_at: Option<Timestamp>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
