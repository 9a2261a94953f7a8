//! Shapes of orgs and members.

use crate::{
    auth::Role,
    ids::{AccountId, UserId},
    text::Email,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

/// A member of the org.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    /// Their login.
    pub account_id: AccountId,
    /// For planners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
    /// The person they are.
    pub user_id: Option<UserId>,
    /// Whether they may sign in here.
    pub is_active: bool,
}

/// The members, highest role first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Members {
    /// The members.
    pub members: Vec<Member>,
}

/// Who becomes a member, as what.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewMember {
    /// Their login; a new one is created.
    pub email: Email,
    /// What they may do: at most the caller's own role.
    pub role: Role,
    /// The person they are.
    #[deserr(default)]
    pub user_id: Option<UserId>,
}

/// A new member.
#[derive(Debug, Serialize, ToSchema)]
pub struct Added {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// For a new login: the link to set its password, shown this once. Hand it over yourself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_url: Option<String>,
}
