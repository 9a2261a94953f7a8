//! Shapes of availabilities.

use super::table;
use crate::{
    db::Timestamp,
    ids::{AvailabilityId, UserId},
    text::Note,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

crate::words::words! {
    /// Whether a planner counts on it.
    pub enum AvailabilityStatus {
        /// Declared, not looked at yet.
        Pending = "PENDING",
        /// Counted on.
        Approved = "APPROVED",
        /// Not counted on.
        Rejected = "REJECTED",
    }
}

/// An availability as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Availability {
    /// Its id.
    pub id: AvailabilityId,
    /// Whose it is.
    pub user_id: UserId,
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
    /// Whether a planner counts on it.
    pub status: AvailabilityStatus,
    /// Anything worth knowing.
    pub note: Option<String>,
}

impl From<table::Model> for Availability {
    fn from(row: table::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            start_at: row.starts_at,
            end_at: row.ends_at,
            status: row.status,
            note: row.note,
        }
    }
}

/// A period that a person declares: after its start, at most 31 days.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewAvailability {
    /// Whose it is.
    pub user_id: UserId,
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
}
