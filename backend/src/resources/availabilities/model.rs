//! Shapes of availabilities.

use super::entity::availability;
use crate::{
    http::{Cursor, Limit, Many, Writable},
    ids::{AvailabilityId, SeriesId, UserId},
    text::Note,
    timestamp::Timestamp,
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

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

crate::words::words! {
    /// What is declared of a period.
    pub enum AvailabilityKind {
        /// To be there for missions.
        Available = "available",
        /// Not to be: whoever plans them then is warned.
        Unavailable = "unavailable",
    }
}

/// An availability as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Availability {
    /// Its id.
    pub id: AvailabilityId,
    /// Whose it is.
    pub user_id: UserId,
    /// Whether they are available or not.
    pub kind: AvailabilityKind,
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
    /// Whether a planner counts on it.
    pub status: AvailabilityStatus,
    /// Anything worth knowing.
    pub note: Option<String>,
    /// The same of all that were declared as one series; `null` of one that was declared alone.
    pub series_id: Option<SeriesId>,
}

impl From<availability::Model> for Availability {
    fn from(row: availability::Model) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            kind: row.kind,
            start_at: row.starts_at,
            end_at: row.ends_at,
            status: row.status,
            note: row.note,
            series_id: row.series_id,
        }
    }
}

/// A period that a person declares: after its start, at most 31 days.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewAvailability {
    /// Whose it is.
    pub user_id: UserId,
    /// Whether they are available or not.
    #[deserr(default = AvailabilityKind::Available)]
    #[schema(default = "available", required = false)]
    pub kind: AvailabilityKind,
    /// From when.
    pub start_at: Timestamp,
    /// Until when.
    pub end_at: Timestamp,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
    /// The same on other days, as one series.
    #[deserr(default)]
    pub repeat: Option<Repeat>,
}

/// The same again until an instant, by the wall clock of the org's time zone: 104 times in all, at most.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = AvailabilityRepeat)]
#[deserr(deny_unknown_fields)]
pub struct Repeat {
    /// The days of the week on which one starts. That of `start_at` is one of them.
    #[schema(min_items = 1, max_items = 7, example = json!(["mon"]))]
    pub days: Vec<Weekday>,
    /// The last instant at which one may start.
    #[schema(example = "2026-12-31T23:00:00Z")]
    pub until: Timestamp,
}

crate::words::words! {
    /// A day of the week.
    pub enum Weekday {
        Monday = "mon",
        Tuesday = "tue",
        Wednesday = "wed",
        Thursday = "thu",
        Friday = "fri",
        Saturday = "sat",
        Sunday = "sun",
    }
}

impl Weekday {
    pub fn of(day: jiff::civil::Weekday) -> Self {
        match day {
            jiff::civil::Weekday::Monday => Self::Monday,
            jiff::civil::Weekday::Tuesday => Self::Tuesday,
            jiff::civil::Weekday::Wednesday => Self::Wednesday,
            jiff::civil::Weekday::Thursday => Self::Thursday,
            jiff::civil::Weekday::Friday => Self::Friday,
            jiff::civil::Weekday::Saturday => Self::Saturday,
            jiff::civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

/// What was declared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AvailabilityDeclared)]
pub struct Declared {
    /// With `repeat`, the first.
    #[serde(flatten)]
    pub availability: Availability,
    /// With `repeat`: all of the series, by start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ids: Option<Vec<AvailabilityId>>,
}

/// How much of a series goes.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeletionQuery {
    /// `following`: with those of its series that start later.
    #[deserr(default)]
    #[param(value_type = Option<SeriesPart>, inline)]
    pub series: Option<SeriesPart>,
}

crate::words::words! {
    /// Which of a series.
    pub enum SeriesPart {
        /// One, and those that start later.
        Following = "following",
    }
}

/// What of an availability can be set: after its start, at most 31 days.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct AvailabilityForm {
    /// Whether they are available or not. Without it the kind stays as it is, also with PUT: a client may not know the member.
    #[deserr(default)]
    #[schema(required = false)]
    pub kind: Option<AvailabilityKind>,
    /// From when.
    #[schema(example = "2026-07-10T08:00:00Z")]
    pub start_at: Timestamp,
    /// Until when.
    #[schema(example = "2026-07-10T18:00:00Z")]
    pub end_at: Timestamp,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
}

impl Writable for AvailabilityForm {
    const READ_ONLY: &'static [&'static str] = &["id", "user_id", "status", "series_id"];
}

impl Availability {
    /// The fields that can be set, as they are now.
    pub fn form(&self) -> AvailabilityForm {
        let note = self.note.as_ref().map(Note::stored);
        AvailabilityForm { kind: Some(self.kind), start_at: self.start_at, end_at: self.end_at, note }
    }
}

/// Which availabilities, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AvailabilityQuery {
    /// Only these people's; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<UserId>>)]
    pub user_id: Many<UserId>,
    /// Only these statuses; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<AvailabilityStatus>>)]
    pub status: Many<AvailabilityStatus>,
    /// Only these kinds; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<AvailabilityKind>>)]
    pub kind: Many<AvailabilityKind>,
    /// Only those that end after this instant.
    #[deserr(default)]
    pub from: Option<Timestamp>,
    /// Only those that start before this instant.
    #[deserr(default)]
    pub to: Option<Timestamp>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, AvailabilityId)>>,
}
