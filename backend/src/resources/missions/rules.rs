//! Validation of missions, and the times of their copies.

use super::{
    model::{Duplication, Mission, MissionForm, MissionRole, MissionRoleForm},
    refusal::{QuotaBelowAccepted, RoleInUse},
};
use crate::{
    error::{Error, FieldError},
    ids::MissionRoleId,
    search,
    text::{Label, Name, NameKey, ZoneName},
    timestamp::Timestamp,
};
use jiff::{ToSpan, tz::TimeZone};
use std::collections::HashSet;

/// Per mission; more than a real mission needs.
const MAX_ROLES: usize = 50;
const MAX_QUOTA: i32 = 10_000;
/// Maximum length of a mission or availability, in calendar days.
const MAX_DAYS: i64 = 31;
/// Roles of all missions of one bulk request. SQLite has a single writer, which more of them would block for seconds
/// (50 000 took 2 to 3 s).
const MAX_ROLES_AT_ONCE: usize = 5_000;

/// A validated mission.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedMission {
    pub title: Name,
    pub timezone: ZoneName,
    pub roles: Vec<MissionRoleForm>,
    /// The other members, as sent; those above, `role` and `override_reason` are empty.
    pub form: MissionForm,
}

impl PlannedMission {
    /// A stored mission with this `form`, not validated again.
    pub fn of(mission: &Mission, mut form: MissionForm) -> Self {
        Self {
            title: form.title.take().unwrap_or_else(|| Name::stored(&mission.title)),
            timezone: form.timezone.take().unwrap_or_else(|| ZoneName::stored(&mission.timezone)),
            roles: std::mem::take(&mut form.roles),
            form,
        }
    }
}

/// The rule that a period breaks. It is measured in calendar days of `zone`: October has 31, even where it is an hour longer.
pub fn period_mistake(start: Timestamp, end: Timestamp, zone: &TimeZone) -> Option<FieldError> {
    if end <= start {
        Some(FieldError::invalid("/end_at", "must be after start_at"))
    } else if lasts_too_long(start, end, zone) {
        Some(FieldError::invalid("/end_at", "must be at most 31 days after start_at"))
    } else {
        None
    }
}

fn lasts_too_long(start: Timestamp, end: Timestamp, zone: &TimeZone) -> bool {
    let days_later = start.in_zone(zone).checked_add(MAX_DAYS.days());
    let within_days = days_later.is_ok_and(|latest| end.in_zone(zone) <= latest);
    !within_days || end > start.plus_seconds(Timestamp::LONGEST_PERIOD)
}

/// # Errors
/// [`Error::Invalid`] points to the first mission with which the roles exceed the maximum.
pub fn few_enough_roles(planned: &[PlannedMission]) -> Result<(), Error> {
    let mut roles = 0;
    let too_many = planned.iter().position(|mission| {
        roles += mission.roles.len();
        roles > MAX_ROLES_AT_ONCE
    });
    too_many.map_or(Ok(()), |index| {
        let rule = format!(
            "one request may create at most {MAX_ROLES_AT_ONCE} roles; send this mission and what follows in another one"
        );
        Err(Error::Invalid(vec![FieldError::invalid("/roles", rule).at_index(index)]))
    })
}

/// Validates a new mission, with all its errors. `zone` is the org's, the default time zone.
pub fn plan(new: impl Into<MissionForm>, zone: &str) -> Result<PlannedMission, Vec<FieldError>> {
    plan_as(new.into(), zone, None)
}

/// Validates a change of `before`. An unchanged period is not checked again, because it may be older than the rule. `role`
/// as GET returned it is ignored when roles are sent, because it is derived from them.
pub fn plan_change(
    mut new: MissionForm,
    zone: &str,
    before: &Mission,
) -> Result<PlannedMission, Vec<FieldError>> {
    if !new.roles.is_empty() && new.role.as_deref() == before.role.as_deref() {
        new.role = None;
    }
    plan_as(new, zone, Some(before))
}

fn plan_as(
    mut form: MissionForm,
    zone: &str,
    before: Option<&Mission>,
) -> Result<PlannedMission, Vec<FieldError>> {
    let timezone = form.timezone.take().unwrap_or_else(|| ZoneName::stored(zone));
    let same = |before: &Mission| {
        (before.start_at, before.end_at, &*before.timezone) == (form.start_at, form.end_at, &*timezone)
    };
    let mistake = match ZoneName::zone(&timezone) {
        _ if before.is_some_and(same) => None,
        Ok(zone) => period_mistake(form.start_at, form.end_at, &zone),
        Err(_) => Some(FieldError::invalid("/timezone", "is not known here any more; choose another one")),
    };
    let mut mistakes: Vec<_> = mistake.into_iter().collect();
    let label = form.role.take();
    let title = form.title.take().or_else(|| label.as_ref().map(|label| Name::stored(&**label)));
    if title.is_none() {
        mistakes.push(FieldError { detail: "is required, or role".into(), ..FieldError::missing("/title") });
    }
    let roles = std::mem::take(&mut form.roles);
    let leading = role_from_label(label, &roles);
    mistakes.extend(role_mistakes(leading.as_ref(), &roles));
    form.override_reason = None;
    match title {
        Some(title) if mistakes.is_empty() => {
            Ok(PlannedMission { title, timezone, roles: leading.into_iter().chain(roles).collect(), form })
        }
        _ => Err(mistakes),
    }
}

/// The mission role to prepend for `role`, which the first clients send, unless `roles` has that name.
fn role_from_label(label: Option<Label>, roles: &[MissionRoleForm]) -> Option<MissionRoleForm> {
    let named = |label: &Label| roles.iter().any(|role| role.role_name.key() == label.key());
    let leading = label.filter(|label| !named(label));
    leading.map(|role_name| MissionRoleForm::new(role_name, None))
}

fn role_mistakes(leading: Option<&MissionRoleForm>, roles: &[MissionRoleForm]) -> Vec<FieldError> {
    if roles.len() + usize::from(leading.is_some()) > MAX_ROLES {
        return vec![FieldError::invalid("/roles", format!("must have at most {MAX_ROLES} items"))];
    }
    let mut seen = HashSet::new();
    let mut mistakes = Vec::new();
    for (i, role) in roles.iter().enumerate() {
        if !seen.insert(role.role_name.key()) {
            mistakes.push(FieldError::invalid(
                format!("/roles/{i}/role_name"),
                "is listed twice; add up the quotas",
            ));
        }
        if role.quota.is_some_and(|quota| !(1..=MAX_QUOTA).contains(&quota)) {
            mistakes.push(FieldError::invalid(
                format!("/roles/{i}/quota"),
                format!("must be from 1 to {MAX_QUOTA}, or absent for any number"),
            ));
        }
    }
    mistakes
}

/// The search column: title and location.
pub fn search_text(planned: &PlannedMission) -> String {
    search::stored([&*planned.title, planned.form.location.as_deref().unwrap_or_default()])
}

/// Sets the id of each role that the mission already has, found by name when no id was sent.
///
/// # Errors
/// [`Error::Invalid`] names ids that are not this mission's or are listed twice, and changed read-only counts.
pub fn assign_role_ids(roles: &mut [MissionRoleForm], existing: &[MissionRole]) -> Result<(), Error> {
    let mut mistakes = Vec::new();
    let mut seen = HashSet::new();
    let named: HashSet<_> = roles.iter().filter_map(|role| role.id).collect();
    for (i, role) in roles.iter_mut().enumerate() {
        let same_name = |known: &&MissionRole| {
            NameKey::of(&known.role_name) == role.role_name.key() && !named.contains(&known.id)
        };
        match role.id {
            None => role.id = existing.iter().find(same_name).map(|known| known.id),
            Some(id) if !existing.iter().any(|known| known.id == id) => {
                mistakes.push(FieldError::invalid(format!("/roles/{i}/id"), "is not a role of this mission"));
            }
            Some(id) if !seen.insert(id) => {
                mistakes.push(FieldError::invalid(format!("/roles/{i}/id"), "is listed twice"));
            }
            Some(_) => {}
        }
        let known = existing.iter().find(|known| Some(known.id) == role.id);
        let counts = [
            ("invited", role.invited.take(), known.map_or(0, |known| known.invited)),
            ("accepted", role.accepted.take(), known.map_or(0, |known| known.accepted)),
        ];
        let wrong = counts.iter().filter(|(_, sent, is)| sent.is_some_and(|sent| sent != *is));
        mistakes.extend(wrong.map(|(name, ..)| FieldError::read_only(format!("/roles/{i}/{name}"))));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Invalid(mistakes)) }
}

/// Whether the assignments of a mission allow its new roles.
///
/// # Errors
/// [`RoleInUse`] or [`QuotaBelowAccepted`].
pub fn check_role_change(existing: &[MissionRole], new: &[MissionRoleForm]) -> Result<(), Error> {
    for role in existing {
        match new.iter().find(|form| form.id == Some(role.id)) {
            None if role.invited + role.accepted > 0 => {
                return Err(RoleInUse { role: role.role_name.clone() }.into());
            }
            Some(form) if form.quota.is_some_and(|quota| i64::from(quota) < role.accepted) => {
                return Err(QuotaBelowAccepted { role: role.role_name.clone() }.into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// The ids in `existing` that are not in `new`.
pub fn removed(existing: &[MissionRole], new: &[MissionRoleForm]) -> Vec<MissionRoleId> {
    let ids = existing.iter().map(|role| role.id);
    ids.filter(|id| new.iter().all(|form| form.id != Some(*id))).collect()
}

/// The copy of a mission with its roles, without its assignments.
pub fn copy(original: Mission, zone: &TimeZone, how: &Duplication) -> Result<PlannedMission, FieldError> {
    let (start_at, end_at) = duplicated_period(original.start_at, original.end_at, zone, how)?;
    let mut copy = PlannedMission::of(&original, MissionForm { start_at, end_at, ..original.form() });
    copy.roles.iter_mut().for_each(|role| role.id = None);
    Ok(copy)
}

/// # Errors
/// When it is more than ten years.
pub fn check_shift(days: i32) -> Result<(), FieldError> {
    match (-3660..=3660).contains(&days) {
        true => Ok(()),
        false => Err(FieldError::invalid("/shift_days", "must be from -3660 to 3660")),
    }
}

fn duplicated_period(
    start: Timestamp,
    end: Timestamp,
    zone: &TimeZone,
    how: &Duplication,
) -> Result<(Timestamp, Timestamp), FieldError> {
    match (how.start_at, how.shift_days) {
        (Some(_), Some(_)) => Err(FieldError::invalid("/shift_days", "send either start_at or shift_days")),
        (None, None) => Ok((start, end)),
        (Some(new_start), None) => {
            let Some(new_end) = as_long_by_the_clock((start, end), new_start, zone) else {
                return Err(FieldError::invalid("/start_at", "would end after the year 2200"));
            };
            if (new_start, new_end) != (start, end) && period_mistake(new_start, new_end, zone).is_some() {
                return Err(FieldError::invalid(
                    "/start_at",
                    format!("{CLOCK_CHANGE_ERROR}; choose another start_at"),
                ));
            }
            Ok((new_start, new_end))
        }
        (None, Some(days)) => {
            check_shift(days)?;
            let shift = |at: Timestamp| {
                let shifted = at.in_zone(zone).checked_add(days.days()).ok()?;
                Timestamp::try_from(shifted.timestamp()).ok()
            };
            let (Some(start), Some(end)) = (shift(start), shift(end)) else {
                return Err(FieldError::invalid("/shift_days", "must stay between the years 1970 and 2200"));
            };
            if days != 0 && period_mistake(start, end, zone).is_some() {
                return Err(FieldError::invalid(
                    "/shift_days",
                    format!("{CLOCK_CHANGE_ERROR}; send start_at instead"),
                ));
            }
            Ok((start, end))
        }
    }
}

const CLOCK_CHANGE_ERROR: &str =
    "falls on a change of the clocks that makes this mission end before it starts or last more than 31 days";

/// The end of a copy that has the wall-clock length of the original: 22:00 to 06:00 stays so in the night of a clock change.
/// `None` when it is out of the range of [`Timestamp`].
pub fn as_long_by_the_clock(
    (start, end): (Timestamp, Timestamp),
    new_start: Timestamp,
    zone: &TimeZone,
) -> Option<Timestamp> {
    if new_start == start {
        return Some(end);
    }
    let wall_clock = |at: Timestamp| at.in_zone(zone).datetime();
    let length = wall_clock(end).since((jiff::Unit::Day, wall_clock(start))).ok()?;
    if wall_clock(end) <= wall_clock(start) {
        // It spans the repeated hour, and its wall-clock length is not positive: take the elapsed time.
        return Timestamp::try_from(
            jiff::Timestamp::from(new_start)
                .checked_add(jiff::Timestamp::from(end) - jiff::Timestamp::from(start))
                .ok()?,
        )
        .ok();
    }
    let new_end = zone.to_ambiguous_zoned(wall_clock(new_start).checked_add(length).ok()?);
    let first = Timestamp::try_from(new_end.clone().compatible().ok()?.timestamp()).ok()?;
    // In the repeated hour, the first occurrence of the end may be before the start; take the second.
    if first > new_start { Some(first) } else { Timestamp::try_from(new_end.later().ok()?.timestamp()).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(start: &str, end: &str, days: i32) -> Result<(String, String), FieldError> {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let how = Duplication { start_at: None, shift_days: Some(days) };
        let (start, end) = duplicated_period(start.parse().unwrap(), end.parse().unwrap(), &zone, &how)?;
        Ok((
            start.in_zone(&zone).strftime("%F %R %z").to_string(),
            end.in_zone(&zone).strftime("%F %R %z").to_string(),
        ))
    }

    fn times(start: &str, end: &str) -> Result<(String, String), FieldError> {
        Ok((start.into(), end.into()))
    }

    #[test]
    fn a_shift_keeps_the_wall_clock_over_both_changes() {
        // Summer time began on 2025-03-30 and ended on 2025-10-26.
        let spring = shifted("2025-03-29T20:00:00+01:00", "2025-03-29T23:30:00+01:00", 1);
        assert_eq!(spring, times("2025-03-30 20:00 +0200", "2025-03-30 23:30 +0200"));
        let autumn = shifted("2025-10-25T20:00:00+02:00", "2025-10-25T23:30:00+02:00", 1);
        assert_eq!(autumn, times("2025-10-26 20:00 +0100", "2025-10-26 23:30 +0100"));
    }

    #[test]
    fn a_missing_time_moves_on_and_an_ambiguous_one_is_the_first() {
        let gap = shifted("2025-03-29T02:30:00+01:00", "2025-03-29T05:00:00+01:00", 1);
        assert_eq!(gap, times("2025-03-30 03:30 +0200", "2025-03-30 05:00 +0200"));
        let fold = shifted("2025-10-25T02:30:00+02:00", "2025-10-25T05:00:00+02:00", 1);
        assert_eq!(fold, times("2025-10-26 02:30 +0200", "2025-10-26 05:00 +0100"));
    }

    #[test]
    fn a_shift_that_leaves_no_time_is_refused() {
        let mistake = shifted("2025-03-29T02:30:00+01:00", "2025-03-29T03:00:00+01:00", 1).unwrap_err();
        assert_eq!(mistake.pointer, "/shift_days");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let mistake = |start: &str, end: &str, zone: &TimeZone| {
            period_mistake(start.parse().unwrap(), end.parse().unwrap(), zone).map(|mistake| mistake.detail)
        };
        let (october, november) = ("2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00");
        assert_eq!(mistake(october, november, &paris), None);
        assert!(mistake(october, "2026-11-01T00:00:01+01:00", &paris).unwrap().contains("31 days"));
        assert!(mistake(october, november, &TimeZone::UTC).unwrap().contains("31 days"));
        // March is an hour shorter.
        let (march, april) = ("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00");
        assert_eq!(mistake(march, april, &paris), None);
        assert!(mistake(march, "2026-04-01T00:30:00+02:00", &paris).unwrap().contains("31 days"));
        assert!(mistake(march, march, &paris).unwrap().contains("after"));
        // Shifted over the end of summer time.
        let shifted = shifted("2026-08-01T12:00:00+02:00", "2026-09-01T12:00:00+02:00", 70);
        assert_eq!(shifted, times("2026-10-10 12:00 +0200", "2026-11-10 12:00 +0100"));
    }

    #[test]
    fn a_copy_keeps_the_wall_clock_whichever_way_it_is_asked_for() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let (start, end) = ("2026-03-20T22:00:00+01:00", "2026-03-21T06:00:00+01:00");
        for (days, copy, begins, ends) in [
            (8, "2026-03-28T22:00:00+01:00", "2026-03-28 22:00 +0100", "2026-03-29 06:00 +0200"),
            (218, "2026-10-24T22:00:00+02:00", "2026-10-24 22:00 +0200", "2026-10-25 06:00 +0100"),
        ] {
            assert_eq!(shifted(start, end, days), times(begins, ends));
            let how = Duplication { start_at: Some(copy.parse().unwrap()), shift_days: None };
            let (start, end) =
                duplicated_period(start.parse().unwrap(), end.parse().unwrap(), &zone, &how).unwrap();
            let clock = |at: Timestamp| at.in_zone(&zone).strftime("%F %R %z").to_string();
            assert_eq!(Ok((clock(start), clock(end))), times(begins, ends));
        }
        // In the repeated hour, at its second occurrence.
        let how = Duplication { start_at: Some("2026-10-25T01:30:00Z".parse().unwrap()), shift_days: None };
        let (start, end) = ("2026-03-20T02:30:00+01:00", "2026-03-20T02:45:00+01:00");
        let (_, end) = duplicated_period(start.parse().unwrap(), end.parse().unwrap(), &zone, &how).unwrap();
        assert_eq!(end, "2026-10-25T01:45:00Z".parse().unwrap());
        // Over the end of summer time, from 02:45 +0200 to 02:15 +0100: half an hour, though the wall clock goes back.
        let how = Duplication { start_at: Some("2026-11-01T01:45:00Z".parse().unwrap()), shift_days: None };
        let (start, end) = ("2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z");
        let (_, end) = duplicated_period(start.parse().unwrap(), end.parse().unwrap(), &zone, &how).unwrap();
        assert_eq!(end, "2026-11-01T02:15:00Z".parse().unwrap());
    }

    #[test]
    fn a_label_leads_unless_the_roles_name_it() {
        let role = |name: &str, quota| MissionRoleForm::new(Label::stored(name), quota);
        let label = || Some(Label::stored("Son"));
        assert_eq!(role_from_label(label(), &[role("plateau", Some(2))]), Some(role("Son", None)));
        assert_eq!(role_from_label(label(), &[role("son", Some(2))]), None);
    }
}
