//! Shapes of calendars.

use crate::{
    http::{Cursor, Limit},
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

crate::words::words! {
    /// What an entry is.
    pub enum CalendarEntryKind {
        /// An approved availability.
        Availability = "availability",
        /// A mission that the person accepted.
        Mission = "mission",
    }
}

crate::words::words! {
    /// What a calendar shows besides availabilities.
    pub enum CalendarInclude {
        /// Accepted missions.
        Missions = "missions",
    }
}

/// An entry of a calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarEntry {
    /// The availability's, or the assignment's to the mission.
    pub id: Uuid,
    /// What it is.
    pub kind: CalendarEntryKind,
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
    /// `APPROVED` of an availability, `ACCEPTED` of a mission.
    #[schema(example = "APPROVED")]
    pub status: &'static str,
    /// Of a mission: its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub mission_title: Option<String>,
    /// Of a mission: its project's name, when it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub project_title: Option<String>,
    /// Of a mission: the post that the person takes, when they take one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub role_name: Option<String>,
    /// Of a mission: where, when that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub location: Option<String>,
}

/// Which part of a calendar.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalendarQuery {
    /// Only what ends after this instant.
    #[deserr(default)]
    pub from: Option<Timestamp>,
    /// Only what starts before this instant.
    #[deserr(default)]
    pub to: Option<Timestamp>,
    /// `missions`: also the accepted missions.
    #[deserr(default)]
    pub include: Option<CalendarInclude>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, Uuid)>>,
}
