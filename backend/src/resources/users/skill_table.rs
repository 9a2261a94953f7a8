//! The table `user_skills`, as SeaORM sees it.

use crate::{
    ids::{OrgId, UserId},
    text::WordKey,
    timestamp::Timestamp,
};
use sea_orm::entity::prelude::*;

/// What a person can do, and how well.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user_skills")]
#[allow(missing_docs, reason = "the columns are described in the schema")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: OrgId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub skill: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub skill_key: WordKey,
    pub level: i16,
    pub created_at: Timestamp,
}

/// None: queries join on the columns they need.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
