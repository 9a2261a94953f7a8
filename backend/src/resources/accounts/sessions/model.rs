//! Shapes of sessions.

use crate::{
    http::{Cursor, Limit},
    ids::{OrgId, SessionId},
    timestamp::Timestamp,
};
use deserr::Deserr;

/// One of one's own sessions.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Session)]
pub struct OwnSession {
    /// Its id.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The org it acts in.
    pub org_id: Option<OrgId>,
    /// What its browser or program calls itself.
    pub user_agent: Option<String>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it was last renewed.
    pub last_used_at: Timestamp,
    /// When it ends unless it is renewed.
    pub expires_at: Timestamp,
}

/// Which page of one's sessions.
#[derive(Debug, Deserr, utoipa::IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionQuery {
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, SessionId)>>,
}
