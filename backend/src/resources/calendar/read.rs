//! Reading the calendar of a user.

use super::model::{CalendarEntry, CalendarEntryKind, CalendarQuery};
use crate::{
    error::Error,
    http::Page,
    ids::{OrgId, UserId},
    resources::{
        assignments::{self, AssignmentStatus, CalendarMission},
        availabilities::{self, Approved, AvailabilityStatus},
        users,
    },
};
use sea_orm::ConnectionTrait;

/// A page of a user's calendar, by start.
///
/// # Errors
/// [`NotFound`](crate::error::NotFound) for an unknown user.
pub async fn of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
    query: CalendarQuery,
) -> Result<Page<[CalendarEntry]>, Error> {
    users::exists(db, org, user).await?;
    let CalendarQuery { from, to, include, limit, cursor } = query;
    // Each source returns up to `count` entries, so that the first `count` of both together are complete.
    Page::fill(limit, cursor, |after, count| async move {
        let place = after.map(|(at, id)| (at, id.into()));
        let available = availabilities::approved(db, (org, user), (from, to), place, count).await?;
        let mut entries: Vec<_> = available.into_iter().map(of_availability).collect();
        if include.is_some() {
            let place = after.map(|(at, id)| (at, id.into()));
            let calendar_mission =
                assignments::calendar_missions(db, (org, user), (from, to), place, count).await?;
            entries.extend(calendar_mission.into_iter().map(of_mission));
        }
        entries.sort_by_key(|entry| (entry.start_at, entry.id));
        entries.truncate(usize::try_from(count).unwrap_or(usize::MAX));
        Ok(entries.into_iter().map(|entry| ((entry.start_at, entry.id), entry)).collect::<Vec<_>>())
    })
    .await
}

fn of_availability(availability: Approved) -> CalendarEntry {
    CalendarEntry {
        id: availability.id.0,
        kind: CalendarEntryKind::Availability,
        start_at: availability.starts_at,
        end_at: availability.ends_at,
        status: AvailabilityStatus::Approved.word(),
        mission_title: None,
        project_title: None,
        role_name: None,
        location: None,
    }
}

fn of_mission(calendar_mission: CalendarMission) -> CalendarEntry {
    CalendarEntry {
        id: calendar_mission.id.0,
        kind: CalendarEntryKind::Mission,
        start_at: calendar_mission.starts_at,
        end_at: calendar_mission.ends_at,
        status: AssignmentStatus::Accepted.word(),
        mission_title: Some(calendar_mission.mission_title),
        project_title: calendar_mission.project_title,
        role_name: calendar_mission.role_name,
        location: calendar_mission.location,
    }
}
