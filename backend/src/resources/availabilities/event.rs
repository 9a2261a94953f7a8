//! What happens to availabilities.

use super::model::Availability;
use crate::{events::events, ids::AvailabilityId};

events! {
    pub enum AvailabilityEvent<'a> of "availability" (AvailabilityId), shown in [Planning] {
        CREATED = "availability.create": Created { after: &'a Availability } of after.id,
        UPDATED = "availability.update": Updated { before: &'a Availability, after: &'a Availability } of after.id,
        APPROVED = "availability.approve": Approved { before: &'a Availability, after: &'a Availability } of after.id,
        REJECTED = "availability.reject": Rejected { before: &'a Availability, after: &'a Availability } of after.id,
        DELETED = "availability.delete": Deleted { before: &'a Availability } of before.id,
    }
}
