//! API types of missions.

use crate::{
    http::{Cursor, Limit, Many, Writable},
    ids::{MissionId, MissionRoleId, ProjectId},
    resources::assignments::CrewMember,
    text::{Label, Name, Note, Reason, Search, ZoneName},
    timestamp::Timestamp,
};
use deserr::Deserr;
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

// `FromQueryResult` leaves `role` and `roles` empty.
/// A mission as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema, FromQueryResult)]
pub struct Mission {
    /// Its id.
    pub id: MissionId,
    /// The project it belongs to.
    pub project_id: Option<ProjectId>,
    /// What it is.
    #[schema(example = "Montage lumière")]
    pub title: String,
    /// The first role's name, for the first clients.
    #[sea_orm(skip)]
    pub role: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// When it starts.
    #[sea_orm(from_alias = "starts_at")]
    pub start_at: Timestamp,
    /// When it ends; the next one may start at this very instant.
    #[sea_orm(from_alias = "ends_at")]
    pub end_at: Timestamp,
    /// The time zone that its wall clock is in.
    #[schema(example = "Europe/Paris")]
    pub timezone: String,
    /// Anything worth knowing.
    pub note: Option<String>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// The posts on it.
    #[sea_orm(skip)]
    pub roles: Vec<MissionRole>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A mission as somebody sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MissionSeen)]
pub struct Seen {
    #[serde(flatten)]
    pub mission: Mission,
    /// Who else accepted it, by last, then first name: the first 500. For callers below manager who are invited to it or accepted, where the
    /// org's `crew_sees_crew` is on; absent for everybody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub crew: Option<Vec<CrewMember>>,
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
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
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

/// A role that a mission is to have: one that it has, by its id or its name, or a new one.
#[derive(Debug, Clone, PartialEq, Deserr, Serialize, ToSchema)]
#[deserr(deny_unknown_fields)]
pub struct MissionRoleForm {
    /// The role that it is; with another name, the role is renamed.
    #[deserr(default)]
    pub id: Option<MissionRoleId>,
    /// Its name, once per mission.
    #[schema(example = "lumiere")]
    pub role_name: Label,
    /// How many are needed; none means any number.
    #[deserr(default)]
    #[schema(minimum = 1, maximum = 10000)]
    pub quota: Option<i32>,
    /// How many are invited; may be sent back as it is.
    #[deserr(default)]
    #[serde(skip_serializing)]
    #[schema(read_only)]
    pub invited: Option<i64>,
    /// How many have accepted; may be sent back as it is.
    #[deserr(default)]
    #[serde(skip_serializing)]
    #[schema(read_only)]
    pub accepted: Option<i64>,
}

impl MissionRoleForm {
    /// A role that the mission does not have yet.
    pub fn new(role_name: Label, quota: Option<i32>) -> Self {
        Self { id: None, role_name, quota, invited: None, accepted: None }
    }
}

impl NewMissionRole {
    /// For names from the program itself: not validated.
    pub fn of(role_name: &str, quota: Option<i32>) -> Self {
        Self { role_name: Label::stored(role_name), quota }
    }
}

impl From<NewMissionRole> for MissionRoleForm {
    fn from(NewMissionRole { role_name, quota }: NewMissionRole) -> Self {
        Self::new(role_name, quota)
    }
}

macro_rules! mission_bodies {
    ($(
        $(#[$doc:meta])*
        $name:ident with $role:ident { $($(#[$attribute:meta])* $member:ident: $type:ty,)* } $(in $project:expr)?;
    )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Deserr, Serialize, ToSchema)]
        #[deserr(deny_unknown_fields)]
        #[schema(example = json!({
            "title": "Montage lumière", "location": "Grande salle", "start_at": "2026-07-10T08:00:00Z",
            "end_at": "2026-07-10T12:00:00Z", "roles": [{ "role_name": "lumiere", "quota": 2 }],
        }))]
        pub struct $name {
            $($(#[$attribute])* #[deserr(default)] pub $member: $type,)*
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
            #[schema(example = "2026-07-10T08:00:00Z")]
            pub start_at: Timestamp,
            /// When it ends: after the start, at most 31 days later.
            #[schema(example = "2026-07-10T12:00:00Z")]
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
            pub roles: Vec<$role>,
        }

        $(impl From<$name> for MissionForm {
            fn from(body: $name) -> Self {
                let project: fn(&$name) -> Option<ProjectId> = $project;
                Self {
                    project_id: project(&body),
                    override_reason: None,
                    title: body.title,
                    role: body.role,
                    location: body.location,
                    start_at: body.start_at,
                    end_at: body.end_at,
                    timezone: body.timezone,
                    note: body.note,
                    roles: body.roles.into_iter().map(Into::into).collect(),
                }
            }
        })?
    )+};
}

mission_bodies! {
    /// A new mission. One of `title` and `role` is required.
    NewMission with NewMissionRole {
        /// The project it belongs to.
        project_id: Option<ProjectId>,
    } in |body| body.project_id;

    /// A new mission of the project in the path. One of `title` and `role` is required.
    NewProjectMission with NewMissionRole {} in |_| None;

    /// All that can be set of a mission. One of `title` and `role` is required. A role that is left out goes, unless
    /// people are on it.
    MissionForm with MissionRoleForm {
        /// The project it belongs to.
        project_id: Option<ProjectId>,
        /// Why accepted people who are taken at the mission's new time stay on it.
        override_reason: Option<Reason>,
    };
}

impl Writable for MissionForm {
    const READ_ONLY: &'static [&'static str] = &["id", "cancelled_at", "created_at", "updated_at"];
}

impl Mission {
    /// The current values of the writable members.
    pub fn form(&self) -> MissionForm {
        let role = |role: &MissionRole| MissionRoleForm {
            id: Some(role.id),
            ..MissionRoleForm::new(Label::stored(&role.role_name), role.quota)
        };
        MissionForm {
            project_id: self.project_id,
            override_reason: None,
            title: Some(Name::stored(&self.title)),
            role: None,
            location: self.location.as_ref().map(Name::stored),
            start_at: self.start_at,
            end_at: self.end_at,
            timezone: Some(ZoneName::stored(&self.timezone)),
            note: self.note.as_ref().map(Note::stored),
            roles: self.roles.iter().map(role).collect(),
        }
    }
}

/// When the copy of a mission takes place: at the same time, unless one of these is sent.
#[derive(Debug, Deserr, ToSchema)]
#[schema(as = MissionDuplication)]
#[deserr(deny_unknown_fields)]
pub struct Duplication {
    /// The copy starts then, and ends as much later by the wall clock of the mission's time zone: 22:00 to 06:00 stays so in
    /// the night that the clocks change.
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

crate::words::words! {
    /// Whether a mission has everyone it needs.
    pub enum Staffing {
        /// A role has fewer people accepted than its quota.
        Open = "open",
        /// It has roles with a quota, and each of these has all its people.
        Full = "full",
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
    /// Words of the title or the place in any order, whatever their case, accents, apostrophes and hyphens.
    #[deserr(default)]
    #[param(value_type = Option<String>, max_length = 100)]
    pub q: Option<Search>,
    /// Only missions in this state; repeat it for OR.
    #[deserr(default)]
    #[param(value_type = Option<Vec<MissionState>>)]
    pub status: Many<MissionState>,
    /// Only missions with places that nobody accepted, or those that have everyone they need; repeat it for OR. A mission that is
    /// cancelled, or has no role with a quota, is neither.
    #[deserr(default)]
    #[param(value_type = Option<Vec<Staffing>>, inline)]
    pub staffing: Many<Staffing>,
    /// Items per page.
    #[deserr(default)]
    #[param(value_type = Option<Limit>)]
    pub limit: Limit,
    /// Where the page begins.
    #[deserr(default)]
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor<(Timestamp, MissionId)>>,
}

crate::http::bulk_created! {
    /// The missions that a bulk creation made.
    MissionsCreated, MissionId
}
