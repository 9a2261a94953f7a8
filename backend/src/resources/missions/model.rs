//! Shapes of missions.

use crate::{
    db::Timestamp,
    http::{Cursor, Limit, Many},
    ids::{MissionId, MissionRoleId, ProjectId},
    text::{Label, Name, Note, Search, ZoneName},
};
use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// A mission as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mission {
    /// Its id.
    pub id: MissionId,
    /// The project it belongs to.
    pub project_id: Option<ProjectId>,
    /// What it is.
    #[schema(example = "Montage lumière")]
    pub title: String,
    /// The first role's name, for the first clients.
    pub role: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends; the next one may start at this very instant.
    pub end_at: Timestamp,
    /// The time zone that its wall clock is in.
    #[schema(example = "Europe/Paris")]
    pub timezone: String,
    /// Anything worth knowing.
    pub note: Option<String>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// The posts on it.
    pub roles: Vec<MissionRole>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A post on a mission, with how many people are on it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MissionRole {
    /// Its id.
    pub id: MissionRoleId,
    /// Its name, once per mission.
    #[schema(example = "lumiere")]
    pub role_name: String,
    /// How many are needed; none means any number.
    pub quota: Option<i32>,
    /// How many were asked and have not answered.
    pub invited: i64,
    /// How many said yes.
    pub accepted: i64,
}

/// A role of a new mission.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewMissionRole {
    /// Its name, once per mission.
    #[schema(example = "lumiere")]
    pub role_name: Label,
    /// How many are needed; none means any number.
    #[deserr(default)]
    #[schema(minimum = 1, maximum = 10000)]
    pub quota: Option<i32>,
}

/// A new mission. One of `title` and `role` is required.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewMission {
    /// The project it belongs to.
    #[deserr(default)]
    pub project_id: Option<ProjectId>,
    /// What it is.
    #[deserr(default)]
    #[schema(example = "Montage lumière")]
    pub title: Option<Name>,
    /// A short label: becomes an unlimited role, and the title when there is none.
    #[deserr(default)]
    pub role: Option<Label>,
    /// Where.
    #[deserr(default)]
    pub location: Option<Name>,
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends: after the start, at most 31 days later.
    pub end_at: Timestamp,
    /// The time zone that its wall clock is in; the org's when absent.
    #[deserr(default)]
    pub timezone: Option<ZoneName>,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
    /// The posts on it.
    #[deserr(default)]
    #[schema(required = false)]
    pub roles: Vec<NewMissionRole>,
}

/// A new mission of the project in the path. One of `title` and `role` is required.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct NewProjectMission {
    /// What it is.
    #[deserr(default)]
    #[schema(example = "Montage lumière")]
    pub title: Option<Name>,
    /// A short label: becomes an unlimited role, and the title when there is none.
    #[deserr(default)]
    pub role: Option<Label>,
    /// Where.
    #[deserr(default)]
    pub location: Option<Name>,
    /// When it starts.
    pub start_at: Timestamp,
    /// When it ends: after the start, at most 31 days later.
    pub end_at: Timestamp,
    /// The time zone that its wall clock is in; the org's when absent.
    #[deserr(default)]
    pub timezone: Option<ZoneName>,
    /// Anything worth knowing.
    #[deserr(default)]
    pub note: Option<Note>,
    /// The posts on it.
    #[deserr(default)]
    #[schema(required = false)]
    pub roles: Vec<NewMissionRole>,
}

impl NewProjectMission {
    /// The same mission, in a project.
    pub fn in_project(self, project: ProjectId) -> NewMission {
        let Self { title, role, location, start_at, end_at, timezone, note, roles } = self;
        NewMission {
            project_id: Some(project),
            title,
            role,
            location,
            start_at,
            end_at,
            timezone,
            note,
            roles,
        }
    }
}

/// What a bulk creation did.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkCreated {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// How many.
    pub created: usize,
    /// Their ids, in the order of the request.
    pub ids: Vec<MissionId>,
}

/// When the copy of a mission takes place: at the same time, unless one of these is sent.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct Duplication {
    /// The copy starts then and lasts as long.
    #[deserr(default)]
    pub start_at: Option<Timestamp>,
    /// The copy is this many days later (or earlier, when negative) by the wall clock of the mission's time zone. A
    /// time that does not exist there moves forward by the gap; one that exists twice is the first.
    #[deserr(default)]
    #[schema(minimum = -3660, maximum = 3660)]
    pub shift_days: Option<i32>,
}

crate::words::words! {
    /// Whether a mission still takes place.
    pub enum MissionState {
        /// It does.
        Open = "open",
        /// It was cancelled.
        Cancelled = "cancelled",
    }
}

/// Which missions, and which page of them.
#[derive(Debug, Deserr, IntoParams)]
#[deserr(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MissionQuery {
    /// Only these projects'; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<ProjectId>>)]
    pub project_id: Many<ProjectId>,
    /// Only missions that end after this instant.
    #[deserr(default)]
    pub from: Option<Timestamp>,
    /// Only missions that start before this instant.
    #[deserr(default)]
    pub to: Option<Timestamp>,
    /// Any part of the title, whatever its case and accents.
    #[deserr(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    pub q: Option<Search>,
    /// Only missions in this state; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<MissionState>>)]
    pub status: Many<MissionState>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, MissionId)>>,
}
