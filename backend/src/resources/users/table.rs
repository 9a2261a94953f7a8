//! The table `users`, as SeaORM sees it.

use super::model::EmploymentType;
use crate::{
    db::JsonText,
    ids::{AccountId, OrgId, UserId},
    timestamp::Timestamp,
};
use sea_orm::entity::prelude::*;

/// A person who can be planned.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
#[allow(missing_docs, reason = "the columns are described in the schema")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub org_id: OrgId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub first_name: String,
    pub last_name: String,
    pub sort_key: String,
    /// By [`crate::search`]
    pub name_search: String,
    pub email: Option<String>,
    /// By [`crate::search`]: the e-mail, and the digits of the telephone number.
    pub contact_search: Option<String>,
    pub phone: Option<String>,
    pub employment_type: EmploymentType,
    pub bio: Option<String>,
    pub rate_profile: Option<JsonText>,
    pub active: bool,
    pub account_id: Option<AccountId>,
    pub legal_ids: Option<JsonText>,
    pub documents: Option<JsonText>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// None: queries join on the columns they need.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
