//! What happens to missions.

use super::model::Mission;
use crate::{events::events, ids::MissionId};

events! {
    pub enum MissionEvent<'a> of "mission" (MissionId), shown in [Missions, Planning] {
        CREATED = "mission.create": Created { after: &'a Mission } of after.id,
        UPDATED = "mission.update": Updated { before: &'a Mission, after: &'a Mission } of after.id,
        CANCELLED = "mission.cancel": Cancelled { before: &'a Mission, after: &'a Mission } of after.id,
        DELETED = "mission.delete": Deleted { before: &'a Mission } of before.id,
    }
}
