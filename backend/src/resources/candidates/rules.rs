//! Who comes first, and why.

use super::model::{
    Candidate, CandidateAssignment, CandidateConflict, CandidateReason, Declared, ReasonCode,
};
use crate::{
    resources::assignments::AssignmentStatus::{Accepted, Cancelled, Declined, Invited},
    timestamp::{Timestamp, TimestampError},
};
use jiff::{ToSpan, tz::TimeZone};
use std::cmp::{Reverse, max, min};

/// The most conflicts that are shown of one person.
const MOST_CONFLICTS: usize = 5;

/// A period, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Period {
    /// The week, from Monday to Sunday, in which it starts.
    ///
    /// # Errors
    /// At the ends of the time that there is.
    pub fn week(self, zone: &TimeZone) -> Result<Self, WeekError> {
        let day = self.start.in_zone(zone).date();
        let monday = day.checked_sub(i32::from(day.weekday().to_monday_zero_offset()).days())?;
        let at = |day: jiff::civil::Date| -> Result<Timestamp, WeekError> {
            Ok(day.to_zoned(zone.clone())?.timestamp().try_into()?)
        };
        // The first week of all begins before there is time; nothing is planned in it.
        let start = at(monday).unwrap_or(Timestamp::from_micros(0));
        Ok(Self { start, end: at(monday.checked_add(7.days())?)? })
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// How much of it is in another one, in minutes.
    pub fn minutes_in(self, other: Self) -> u64 {
        min(self.end, other.end).since(max(self.start, other.start)).as_secs() / 60
    }
}

/// Whether periods, one after the other or overlapping, leave nothing of `whole`.
pub fn cover(whole: Period, mut periods: Vec<Period>) -> bool {
    periods.sort_by_key(|period| period.start);
    let reached = periods.into_iter().fold(whole.start, |reached, period| {
        if period.start <= reached { max(reached, period.end) } else { reached }
    });
    reached >= whole.end
}

/// A person as they are read, before they are ranked.
#[derive(Debug)]
pub struct Person {
    /// Without reasons.
    pub candidate: Candidate,
    /// What takes them, accepted ones first.
    pub conflicts: Vec<CandidateConflict>,
}

/// Puts whoever suits best first, keeping the order among equals, and says why. `role` is what they need to be able to do.
pub fn rank(mut people: Vec<Person>, role: Option<&str>) -> Vec<Candidate> {
    people.sort_by_cached_key(|person| {
        let Person { candidate, conflicts } = person;
        let standing = match candidate.assignment.as_ref().map(|own| own.status) {
            None | Some(Cancelled) => 0,
            Some(Declined) => 1,
            Some(Invited) => 2,
            Some(Accepted) => 3,
        };
        let taken = match conflicts.first().map(|first| first.status) {
            None => 0,
            Some(Accepted) => 2,
            Some(_) => 1,
        };
        let declared = match candidate.availability {
            Some(Declared::Approved) => 0,
            Some(Declared::Pending) => 1,
            None => 2,
            Some(Declared::Unavailable) => 3,
        };
        // One more yes and one more no than there were, so that a single answer says little.
        let yes = (u64::from(candidate.accepted) + 1) * 1000
            / (u64::from(candidate.accepted) + u64::from(candidate.declined) + 2);
        (standing, taken, Reverse(candidate.skill_level), declared, candidate.planned_minutes, Reverse(yes))
    });
    people.into_iter().map(|person| explained(person, role)).collect()
}

fn explained(Person { mut candidate, conflicts }: Person, role: Option<&str>) -> Candidate {
    let reason = |code, detail: String| CandidateReason { code, detail, conflict: None };
    let mut reasons = Vec::new();
    match candidate.assignment {
        Some(CandidateAssignment { status: Invited, .. }) => {
            reasons.push(reason(ReasonCode::AskedAlready, "Invited to this mission.".into()));
        }
        Some(CandidateAssignment { status: Accepted, .. }) => {
            reasons.push(reason(ReasonCode::AskedAlready, "Accepted for this mission.".into()));
        }
        Some(CandidateAssignment { status: Declined, .. }) => {
            reasons.push(reason(ReasonCode::DeclinedBefore, "Said no to this mission.".into()));
        }
        Some(CandidateAssignment { status: Cancelled, .. }) | None => {}
    }
    if conflicts.is_empty() {
        reasons.push(reason(ReasonCode::Free, "Nothing else at that time.".into()));
    }
    for conflict in conflicts.into_iter().take(MOST_CONFLICTS) {
        let how = if conflict.status == Accepted { "Accepted for" } else { "Invited to" };
        let detail = format!("{how} another mission at that time: {}.", conflict.title);
        reasons.push(CandidateReason { code: ReasonCode::Taken, detail, conflict: Some(conflict) });
    }
    if candidate.availability == Some(Declared::Unavailable) {
        reasons.push(reason(ReasonCode::Unavailable, "Declared not to be available at that time.".into()));
    }
    if let Some(role) = role {
        reasons.push(match candidate.skill_level {
            Some(level) => reason(ReasonCode::Skilled, format!("Can do {role}, level {level} of 5.")),
            None => reason(ReasonCode::SkillMissing, format!("{role} is not among their skills.")),
        });
    }
    candidate.reasons = reasons;
    candidate
}

/// A day without a midnight that there is.
#[derive(Debug, thiserror::Error)]
pub enum WeekError {
    #[error(transparent)]
    Calendar(#[from] jiff::Error),
    #[error(transparent)]
    Range(#[from] TimestampError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::{AssignmentId, MissionId, UserId},
        resources::{assignments::AssignmentStatus, users::EmploymentType},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn period(start: &str, end: &str) -> Period {
        Period { start: at(start), end: at(end) }
    }

    fn person(name: &str) -> Person {
        let candidate = Candidate {
            user_id: UserId(Uuid::nil()),
            name: name.into(),
            email: None,
            phone: None,
            employment_type: EmploymentType::Intermittent,
            skill_level: None,
            availability: None,
            planned_minutes: 0,
            accepted: 0,
            declined: 0,
            assignment: None,
            reasons: Vec::new(),
        };
        Person { candidate, conflicts: Vec::new() }
    }

    fn with(name: &str, change: impl FnOnce(&mut Candidate)) -> Person {
        let mut person = person(name);
        change(&mut person.candidate);
        person
    }

    fn busy(name: &str, status: AssignmentStatus, change: impl FnOnce(&mut Candidate)) -> Person {
        let mut person = with(name, change);
        person.conflicts.push(CandidateConflict {
            assignment_id: AssignmentId(Uuid::nil()),
            mission_id: MissionId(Uuid::nil()),
            title: "Balances".into(),
            start_at: at("2026-07-10T08:00:00Z"),
            end_at: at("2026-07-10T10:00:00Z"),
            status,
        });
        person
    }

    fn on_it(name: &str, status: AssignmentStatus) -> Person {
        let assignment = CandidateAssignment { id: AssignmentId(Uuid::nil()), status };
        with(name, |one| one.assignment = Some(assignment))
    }

    /// In the order in which they have to come out.
    fn in_order() -> Vec<Person> {
        vec![
            with("expert", |one| one.skill_level = Some(5)),
            with("approved", |one| {
                one.skill_level = Some(3);
                one.availability = Some(Declared::Approved);
                one.planned_minutes = 900;
            }),
            with("pending", |one| {
                one.skill_level = Some(3);
                one.availability = Some(Declared::Pending);
            }),
            with("says yes", |one| {
                (one.skill_level, one.planned_minutes) = (Some(3), 60);
                (one.accepted, one.declined) = (9, 1);
            }),
            with("new", |one| (one.skill_level, one.planned_minutes) = (Some(3), 60)),
            with("said no once", |one| {
                (one.skill_level, one.planned_minutes) = (Some(3), 60);
                one.declined = 1;
            }),
            with("busy that week", |one| (one.skill_level, one.planned_minutes) = (Some(3), 61)),
            with("unavailable", |one| {
                (one.skill_level, one.availability) = (Some(3), Some(Declared::Unavailable));
                one.accepted = 9;
            }),
            with("without the skill", |one| one.availability = Some(Declared::Approved)),
            busy("asked elsewhere", Invited, |one| one.skill_level = Some(5)),
            busy("accepted elsewhere", Accepted, |one| one.skill_level = Some(5)),
            on_it("said no to this", Declined),
            on_it("asked already", Invited),
            on_it("on it", Accepted),
        ]
    }

    fn names(people: &[Candidate]) -> Vec<&str> {
        people.iter().map(|one| &*one.name).collect()
    }

    #[test]
    fn whoever_suits_best_comes_first() {
        let expected: Vec<_> = in_order().into_iter().map(|person| person.candidate.name).collect();
        let mut people = in_order();
        people.reverse();
        assert_eq!(names(&rank(people, Some("son"))), expected);
    }

    #[test]
    fn equals_keep_their_order() {
        assert_eq!(
            names(&rank(vec![person("a"), person("b"), on_it("c", Cancelled)], None)),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn each_is_told_why() {
        let codes = |people: Vec<Person>, role| {
            let ranked = rank(people, role);
            ranked[0].reasons.iter().map(|reason| reason.code.word()).collect::<Vec<_>>()
        };
        let skilled = |one: &mut Candidate| one.skill_level = Some(1);
        assert_eq!(codes(vec![person("a")], None), ["free"]);
        assert_eq!(codes(vec![person("a")], Some("son")), ["free", "skill_missing"]);
        let absent = |one: &mut Candidate| one.availability = Some(Declared::Unavailable);
        assert_eq!(codes(vec![with("a", absent)], Some("son")), ["free", "unavailable", "skill_missing"]);
        assert_eq!(codes(vec![busy("a", Invited, absent)], None), ["taken", "unavailable"]);
        assert_eq!(codes(vec![busy("a", Invited, skilled)], Some("son")), ["taken", "skilled"]);
        assert_eq!(codes(vec![on_it("a", Accepted)], None), ["asked_already", "free"]);
        assert_eq!(codes(vec![on_it("a", Invited)], None), ["asked_already", "free"]);
        assert_eq!(codes(vec![on_it("a", Declined)], None), ["declined_before", "free"]);
        assert_eq!(codes(vec![on_it("a", Cancelled)], None), ["free"]);
        let mut many = busy("a", Accepted, |_| {});
        many.conflicts = vec![many.conflicts[0].clone(); 9];
        let shown = rank(vec![many], None).remove(0).reasons;
        assert_eq!(shown.len(), MOST_CONFLICTS);
        assert_eq!(shown[0].detail, "Accepted for another mission at that time: Balances.");
        assert!(shown.iter().all(|reason| reason.conflict.is_some()));
    }

    #[test]
    fn a_week_begins_on_monday_where_the_mission_is() {
        let paris = TimeZone::get("Europe/Paris").expect("a zone");
        for (start, week) in [
            // Sunday evening there, Monday in Paris.
            ("2026-07-05T22:30:00Z", ("2026-07-05T22:00:00Z", "2026-07-12T22:00:00Z")),
            ("2026-07-05T21:30:00Z", ("2026-06-28T22:00:00Z", "2026-07-05T22:00:00Z")),
            // The clock changes in it: an hour more.
            ("2026-10-25T12:00:00Z", ("2026-10-18T22:00:00Z", "2026-10-25T23:00:00Z")),
            ("1970-01-01T00:00:00Z", ("1970-01-01T00:00:00Z", "1970-01-04T23:00:00Z")),
        ] {
            let found = period(start, "2026-07-06T00:00:00Z").week(&paris).expect("a week");
            assert_eq!(found, period(week.0, week.1), "{start}");
        }
    }

    #[test]
    fn only_the_part_in_the_week_counts() {
        let week = period("2026-07-06T00:00:00Z", "2026-07-13T00:00:00Z");
        for (start, end, minutes) in [
            ("2026-07-05T22:00:00Z", "2026-07-06T01:30:00Z", 90),
            ("2026-07-12T23:00:00Z", "2026-07-13T05:00:00Z", 60),
            ("2026-07-13T00:00:00Z", "2026-07-13T05:00:00Z", 0),
            ("2026-07-05T00:00:00Z", "2026-07-06T00:00:00Z", 0),
            ("2026-07-01T00:00:00Z", "2026-07-20T00:00:00Z", 7 * 24 * 60),
        ] {
            assert_eq!(period(start, end).minutes_in(week), minutes, "{start}");
        }
    }

    proptest! {
        #[test]
        fn periods_cover_what_no_minute_is_missing_of(
            periods in proptest::collection::vec((0_i64..20, 0_i64..20), 0..6), (start, length) in (0_i64..10, 1_i64..10),
        ) {
            let minute = |minute: i64| Timestamp::from_micros(minute * 60_000_000);
            let whole = Period { start: minute(start), end: minute(start + length) };
            let all: Vec<_> = periods.iter().map(|(start, length)| (*start, start + length)).collect();
            let missing = (start..start + length)
                .any(|at| !all.iter().any(|(from, to)| (*from..*to).contains(&at)));
            let all = all.iter().map(|(from, to)| Period { start: minute(*from), end: minute(*to) }).collect();
            prop_assert_eq!(cover(whole, all), !missing);
        }
    }
}
