//! Assignments as a calendar shows them.

use super::words::Words;
use crate::{
    db::{OfOrg, filter},
    error::Error,
    ical,
    ids::{AssignmentId, OrgId, UserId},
    locale::Locale,
    resources::{
        assignments::{AssignmentStatus, entity::assignment, joins},
        missions::{self, entity::mission, entity::mission_role},
        orgs,
        projects::entity::project,
    },
    secret::Secret,
    text::ZoneName,
    timestamp::Timestamp,
};
use jiff::tz::TimeZone;
use sea_orm::{
    ColumnTrait, ConnectionTrait, FromQueryResult, JoinType, Order, QueryFilter, QueryOrder, QuerySelect,
    Select,
    sea_query::{Expr, Func},
};

/// How long a feed shows what is over: 90 days.
const SHOWN_AFTER_SECONDS: i64 = 90 * 24 * 3600;
/// Most entries of a feed.
pub(super) const MOST: u64 = 5000;
/// Most characters of a note in a feed. Two notes are read for each entry, so this bounds what is read.
const LONGEST_NOTE: usize = 1000;

/// An assignment as a calendar shows it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Entry {
    pub id: AssignmentId,
    pub user_id: UserId,
    pub status: AssignmentStatus,
    note: Option<String>,
    pub mission_title: String,
    pub location: Option<String>,
    mission_note: Option<String>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    timezone: String,
    cancelled_at: Option<Timestamp>,
    pub role_name: Option<String>,
    pub project_name: Option<String>,
    sequence: i32,
    mission_sequence: i32,
    updated_at: Timestamp,
    mission_updated_at: Timestamp,
}

impl Entry {
    /// It as an event in a language, with whom to ask; `url` is where to answer or read more.
    pub fn event(&self, locale: Locale, contact: &orgs::Contact, url: Option<Secret>) -> ical::Event {
        ical::Event {
            id: self.id.0,
            sequence: i64::from(self.sequence) + i64::from(self.mission_sequence),
            changed_at: Ord::max(self.updated_at, self.mission_updated_at),
            start: self.starts_at,
            end: self.ends_at,
            zone: zone(&self.timezone),
            status: self.shown_status(),
            summary: match &self.role_name {
                Some(role) => format!("{} – {role}", self.mission_title),
                None => self.mission_title.clone(),
            },
            location: self.location.clone(),
            description: self.description(Words::of(locale), contact),
            url,
        }
    }

    fn shown_status(&self) -> ical::Status {
        match self.status {
            _ if self.cancelled_at.is_some() => ical::Status::Cancelled,
            AssignmentStatus::Invited => ical::Status::Tentative,
            AssignmentStatus::Accepted => ical::Status::Confirmed,
            AssignmentStatus::Declined | AssignmentStatus::Cancelled => ical::Status::Cancelled,
        }
    }

    fn description(&self, words: &Words, contact: &orgs::Contact) -> Option<String> {
        let labelled = [
            (words.role, &self.role_name),
            (words.project, &self.project_name),
            (words.note, &self.mission_note),
            (words.own_note, &self.note),
        ];
        let about = labelled.into_iter().filter_map(|(label, text)| Some(words.line(label, text.as_ref()?)));
        let mut reached = [&contact.name, &contact.phone, &contact.email].into_iter().flatten();
        let first = reached.next().map(|text| words.line(words.contact, text));
        let lines: Vec<_> = about.chain(first).chain(reached.cloned()).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// One that this program no longer knows (its zone database is another one than what stored it) shows as UTC: an entry must
/// not take the whole calendar away.
pub(super) fn zone(name: &str) -> TimeZone {
    ZoneName::zone(name).unwrap_or(TimeZone::UTC)
}

/// The entries of these assignments, whatever their status, by start.
///
/// # Errors
/// When the database fails.
pub async fn entries_of(
    db: &impl ConnectionTrait,
    org: OrgId,
    ids: Vec<AssignmentId>,
) -> Result<Vec<Entry>, Error> {
    let chosen = entries(org)
        .column(assignment::Column::Note)
        .column_as(mission::Column::Note, "mission_note")
        .filter(assignment::Column::Id.is_in(ids))
        .order_by_asc(assignment::Column::StartsAt)
        .order_by_asc(assignment::Column::Id);
    Ok(chosen.into_model().all(db).await?)
}

/// What a user is invited to and has accepted, of the last 90 days and ahead. A program that subscribes drops what is missing,
/// so what was declined or cancelled is. At most [`MOST`], what is ahead first.
pub(super) async fn of_user(
    db: &impl ConnectionTrait,
    org: OrgId,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Entry>, Error> {
    use assignment::Column;
    let chosen = entries(org)
        .expr_as(beginning(Column::Note), "note")
        .expr_as(beginning(mission::Column::Note), "mission_note")
        .filter(Column::UserId.eq(user))
        .filter(Column::Status.is_in([AssignmentStatus::Invited, AssignmentStatus::Accepted]))
        .filter(filter::overlaps((Column::StartsAt, Column::EndsAt), shown_from(now), None))
        .order_by(Column::EndsAt.lte(now), Order::Asc)
        .order_by_asc(Column::StartsAt)
        .order_by_asc(Column::Id)
        .limit(MOST);
    let mut found: Vec<Entry> = chosen.into_model().all(db).await?;
    for note in found.iter_mut().flat_map(|entry| [&mut entry.note, &mut entry.mission_note]).flatten() {
        if let Some((end, _)) = note.char_indices().nth(LONGEST_NOTE) {
            note.truncate(end);
            note.push('…');
        }
    }
    Ok(found)
}

/// A feed shows what ends after this.
pub(super) fn shown_from(now: Timestamp) -> Option<Timestamp> {
    Some(now.plus_seconds(-SHOWN_AFTER_SECONDS))
}

/// A note's first [`LONGEST_NOTE`] characters, and one that tells that there are more.
fn beginning<C: ColumnTrait>(note: C) -> Expr {
    let most = i32::try_from(LONGEST_NOTE).unwrap_or(i32::MAX);
    let of_note = Expr::col(note.as_column_ref());
    Func::cust("substr").args([of_note, Expr::val(1), Expr::val(most + 1)]).into()
}

/// What [`Entry`] shows, but for the notes.
fn entries(org: OrgId) -> Select<assignment::Entity> {
    use assignment::Column::{Id, Sequence, Status, UpdatedAt, UserId};
    assignment::Entity::of(org)
        .select_only()
        .columns([Id, UserId, Status, Sequence, UpdatedAt])
        .columns([
            mission::Column::Location,
            mission::Column::StartsAt,
            mission::Column::EndsAt,
            mission::Column::Timezone,
            mission::Column::CancelledAt,
        ])
        .column_as(mission::Column::Title, "mission_title")
        .column_as(mission::Column::Sequence, "mission_sequence")
        .column_as(mission::Column::UpdatedAt, "mission_updated_at")
        .column(mission_role::Column::RoleName)
        .column_as(project::Column::Name, "project_name")
        .join(JoinType::InnerJoin, joins::to_mission(org))
        .join(JoinType::LeftJoin, joins::to_role(org))
        .join(JoinType::LeftJoin, missions::to_project(org))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            id: uuid::Uuid::from_u128(7).into(),
            user_id: uuid::Uuid::from_u128(8).into(),
            status: AssignmentStatus::Invited,
            note: Some("Chaussures noires".into()),
            mission_title: "Montage".into(),
            location: Some("Grande salle".into()),
            mission_note: Some("Entrée par la cour\nCode 12".into()),
            starts_at: Timestamp::from_micros(1_000_000),
            ends_at: Timestamp::from_micros(2_000_000),
            timezone: "Europe/Paris".into(),
            cancelled_at: None,
            role_name: Some("son".into()),
            project_name: Some("Festival".into()),
            sequence: 2,
            mission_sequence: 3,
            updated_at: Timestamp::from_micros(5),
            mission_updated_at: Timestamp::from_micros(4),
        }
    }

    fn contact() -> orgs::Contact {
        let text = |text: &str| Some(text.to_owned());
        orgs::Contact { name: text("Karim"), phone: text("01 99 00"), email: text("k@example.org") }
    }

    #[test]
    fn an_entry_says_what_where_as_what_and_whom_to_ask() {
        let event = entry().event(Locale::French, &contact(), Some("https://x".to_owned().into()));
        assert_eq!(
            (event.summary.as_str(), event.location.as_deref()),
            ("Montage – son", Some("Grande salle"))
        );
        let description = "Votre poste\u{a0}: son\nProjet\u{a0}: Festival\nÀ savoir\u{a0}: Entrée par la cour\nCode 12\n\
            Pour vous\u{a0}: Chaussures noires\nContact\u{a0}: Karim\n01 99 00\nk@example.org";
        assert_eq!(event.description.as_deref(), Some(description));
        assert_eq!((event.sequence, event.changed_at.as_micros(), event.id.as_u128()), (5, 5, 7));
        let english = entry().event(Locale::American, &orgs::Contact::default(), None);
        assert!(
            english.description.is_some_and(|text| text.starts_with("Your role: son\nProject: Festival\n"))
        );
        let bare = Entry {
            role_name: None,
            project_name: None,
            note: None,
            mission_note: None,
            timezone: "Nowhere/Ys".into(),
            ..entry()
        };
        let bare = bare.event(Locale::English, &orgs::Contact::default(), None);
        assert_eq!((bare.summary.as_str(), bare.description, bare.zone), ("Montage", None, TimeZone::UTC));
    }

    #[test]
    fn an_entry_stands_where_its_assignment_stands() {
        use AssignmentStatus::{Accepted, Cancelled, Declined, Invited};
        for (status, cancelled_at, shown) in [
            (Invited, None, ical::Status::Tentative),
            (Accepted, None, ical::Status::Confirmed),
            (Declined, None, ical::Status::Cancelled),
            (Cancelled, None, ical::Status::Cancelled),
            (Accepted, Some(Timestamp::from_micros(1)), ical::Status::Cancelled),
        ] {
            let event = Entry { status, cancelled_at, ..entry() }.event(Locale::French, &contact(), None);
            assert_eq!(event.status, shown, "{status}");
        }
    }
}
