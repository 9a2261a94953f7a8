//! The shapes that the product answers and records, member for member.

use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// Microseconds since 1970, shown as RFC 3339.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Instant(pub(crate) i64);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = jiff::Timestamp::from_microsecond(self.0).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&at)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let at: jiff::Timestamp = text.parse().map_err(serde::de::Error::custom)?;
        Ok(Self(at.as_microsecond()))
    }
}

#[derive(Serialize)]
pub(crate) struct Mission {
    pub(crate) id: Uuid,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) role: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) start_at: Instant,
    pub(crate) end_at: Instant,
    pub(crate) timezone: String,
    pub(crate) note: Option<String>,
    pub(crate) cancelled_at: Option<Instant>,
    pub(crate) roles: Vec<MissionRole>,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
}

#[derive(Serialize)]
pub(crate) struct MissionRole {
    pub(crate) id: Uuid,
    pub(crate) role_name: String,
    pub(crate) quota: Option<i32>,
    pub(crate) invited: i64,
    pub(crate) accepted: i64,
}

/// A mission of a bulk request, as the load sends it.
#[derive(Deserialize)]
pub(crate) struct NewMission {
    pub(crate) title: String,
    pub(crate) location: Option<String>,
    pub(crate) start_at: Instant,
    pub(crate) end_at: Instant,
    pub(crate) note: Option<String>,
    pub(crate) roles: Vec<NewMissionRole>,
}

#[derive(Deserialize)]
pub(crate) struct NewMissionRole {
    pub(crate) role_name: String,
    pub(crate) quota: Option<i32>,
}

#[derive(Serialize)]
pub(crate) struct Created {
    pub(crate) status: &'static str,
    pub(crate) created: usize,
    pub(crate) ids: Vec<Uuid>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Assignment {
    pub(crate) id: Uuid,
    pub(crate) mission_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) mission_role_id: Option<Uuid>,
    pub(crate) status: String,
    pub(crate) note: Option<String>,
    pub(crate) decline_reason: Option<String>,
    pub(crate) conflict_override: Option<String>,
    pub(crate) mission_title: String,
    pub(crate) project_title: Option<String>,
    pub(crate) user_name: String,
    pub(crate) start_at: Instant,
    pub(crate) end_at: Instant,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
}

#[derive(Clone, Serialize)]
pub(crate) struct Invitation {
    pub(crate) id: Uuid,
    pub(crate) assignment_id: Uuid,
    pub(crate) email: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) expires_at: Instant,
    pub(crate) answered_at: Option<Instant>,
    pub(crate) answer: Option<&'static str>,
    pub(crate) revoked_at: Option<Instant>,
    pub(crate) created_at: Instant,
}

#[derive(Serialize)]
pub(crate) struct Answered {
    pub(crate) invitation_id: Uuid,
    pub(crate) assignment_id: Uuid,
    pub(crate) accepted: bool,
    pub(crate) status: &'static str,
    pub(crate) message: &'static str,
}
