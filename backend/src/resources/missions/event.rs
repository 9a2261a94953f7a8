//! What happens to missions.

use super::model::Mission;
use crate::{
    events::{Activity, ActivityKind, events},
    ids::MissionId,
};

events! {
    pub enum MissionEvent<'a> of "mission" (MissionId), shown in [Missions, Planning], told by activity {
        CREATED = "mission.create": Created { after: &'a Mission } of after.id,
        UPDATED = "mission.update": Updated { before: &'a Mission, after: &'a Mission } of after.id,
        CANCELLED = "mission.cancel": Cancelled { before: &'a Mission, after: &'a Mission } of after.id,
        DELETED = "mission.delete": Deleted { before: &'a Mission } of before.id,
    }
}

/// Another time or place, however little: who has to confirm it is decided elsewhere.
fn activity(event: &MissionEvent<'_>) -> Option<Activity> {
    let place = |mission: &Mission| (mission.start_at, mission.end_at, mission.location.clone());
    match event {
        MissionEvent::Updated { before, after } if place(before) != place(after) => Some(Activity {
            kind: ActivityKind::Moved,
            mission: after.id,
            project: after.project_id,
            user: None,
        }),
        _ => None,
    }
}
