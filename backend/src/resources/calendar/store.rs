//! Putting a calendar together from what the other resources know.

use super::model::{CalendarEntry, CalendarQuery, EntryKind};
use crate::{
    error::Error,
    http::{Cursor, Many, Page},
    ids::{OrgId, UserId},
    resources::{
        assignments::{self, Assignment, AssignmentQuery, AssignmentStatus},
        availabilities::{self, Availability, AvailabilityQuery, AvailabilityStatus},
        users,
    },
};
use sea_orm::ConnectionTrait;

/// A page of a person's calendar, by start.
///
/// # Errors
/// [`Error::NotFound`] for a person who does not exist.
pub async fn of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
    query: CalendarQuery,
) -> Result<Page<CalendarEntry>, Error> {
    users::exists(db, org, user).await?;
    let CalendarQuery { from, to, include, limit, cursor } = query;
    let start = cursor.map(|cursor| cursor.0);
    let available = AvailabilityQuery {
        user_id: Many(vec![user]),
        status: Many(vec![AvailabilityStatus::Approved]),
        from,
        to,
        limit: limit.and_one_more(),
        cursor: start.map(|(at, id)| Cursor((at, id.into()))),
    };
    // Each source gives a whole page and one more, so the page of both together is complete and knows what follows.
    let mut entries: Vec<_> =
        availabilities::list(db, org, available, None).await?.into_items().map(of_availability).collect();
    if include.is_some() {
        let expected = AssignmentQuery {
            user_id: Many(vec![user]),
            status: Many(vec![AssignmentStatus::Accepted]),
            from,
            to,
            limit: limit.and_one_more(),
            cursor: start.map(|(at, id)| Cursor((at, id.into()))),
            ..AssignmentQuery::default()
        };
        entries.extend(assignments::list(db, org, expected, None).await?.into_items().map(of_mission));
    }
    entries.sort_by_key(|entry| (entry.start_at, entry.id));
    Ok(Page::new(entries, limit, |entry| (entry.start_at, entry.id)))
}

fn of_availability(availability: Availability) -> CalendarEntry {
    CalendarEntry {
        id: availability.id.0,
        kind: EntryKind::Availability,
        start_at: availability.start_at,
        end_at: availability.end_at,
        status: availability.status.word(),
        mission_title: None,
        project_title: None,
    }
}

fn of_mission(assignment: Assignment) -> CalendarEntry {
    CalendarEntry {
        id: assignment.id.0,
        kind: EntryKind::Mission,
        start_at: assignment.start_at,
        end_at: assignment.end_at,
        status: assignment.status.word(),
        mission_title: Some(assignment.mission_title),
        project_title: assignment.project_title,
    }
}
