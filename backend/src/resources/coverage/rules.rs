//! Adding up coverage.

use super::model::{By, CoverageRow};
use crate::{ids::MissionId, text::NameKey, timestamp::Timestamp};
use jiff::{civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, HashSet};

/// A role of a mission, or whoever is on a mission without one.
#[derive(Debug)]
pub struct Part {
    pub mission: MissionId,
    pub starts_at: Timestamp,
    /// Its key and its name.
    pub role: Option<(NameKey, String)>,
    pub quota: Option<i32>,
    pub invited: i64,
    pub accepted: i64,
}

/// All parts together.
pub fn total(parts: &[Part]) -> CoverageRow {
    added_up(parts, |_| ()).into_values().next().map(|(_, sum)| sum.row()).unwrap_or_default()
}

/// The parts by day or by role. A role is shown by its name on the first mission.
pub fn rows(parts: &[Part], by: By, zone: &TimeZone) -> Vec<CoverageRow> {
    match by {
        By::Day => added_up(parts, |part| part.starts_at.in_zone(zone).date())
            .into_iter()
            .map(|(day, (_, sum)): (Date, _)| CoverageRow { day: Some(day.to_string()), ..sum.row() })
            .collect(),
        By::Role => {
            let key = |part: &Part| part.role.as_ref().map(|(key, _)| key.clone());
            added_up(parts, |part| (part.role.is_none(), key(part)))
                .into_values()
                .map(|(first, sum)| {
                    let role_name = first.role.as_ref().map(|(_, name)| name.clone());
                    CoverageRow { role_name, ..sum.row() }
                })
                .collect()
        }
    }
}

fn added_up<K: Ord>(parts: &[Part], key: impl Fn(&Part) -> K) -> BTreeMap<K, (&Part, Sum)> {
    let mut groups: BTreeMap<K, (&Part, Sum)> = BTreeMap::new();
    for part in parts {
        groups.entry(key(part)).or_insert_with(|| (part, Sum::default())).1.add(part);
    }
    groups
}

#[derive(Debug, Default)]
struct Sum {
    missions: HashSet<MissionId>,
    needed: Option<i64>,
    open: Option<i64>,
    invited: i64,
    accepted: i64,
}

impl Sum {
    fn add(&mut self, part: &Part) {
        self.missions.insert(part.mission);
        self.invited += part.invited;
        self.accepted += part.accepted;
        if let Some(quota) = part.quota.map(i64::from) {
            self.needed = Some(self.needed.unwrap_or(0) + quota);
            self.open = Some(self.open.unwrap_or(0) + (quota - part.accepted).max(0));
        }
    }

    fn row(self) -> CoverageRow {
        let Self { missions, needed, open, invited, accepted } = self;
        CoverageRow { missions: missions.len(), needed, open, invited, accepted, ..CoverageRow::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn part(mission: u128, at: &str, role: Option<&str>, quota: Option<i32>, counts: (i64, i64)) -> Part {
        Part {
            mission: MissionId(Uuid::from_u128(mission)),
            starts_at: at.parse().expect("an instant"),
            role: role.map(|name| (NameKey::of(name), name.to_owned())),
            quota,
            invited: counts.0,
            accepted: counts.1,
        }
    }

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").expect("a zone")
    }

    #[test]
    fn a_mission_counts_on_the_civil_day_on_which_it_starts() {
        let parts = [
            part(1, "2026-07-10T21:59:00Z", Some("son"), Some(1), (0, 1)),
            part(2, "2026-07-10T22:00:00Z", Some("son"), Some(2), (1, 0)),
        ];
        let days = rows(&parts, By::Day, &paris());
        let of = |row: &CoverageRow| (row.day.clone().expect("a day"), row.needed, row.open);
        let wanted =
            [("2026-07-10".to_owned(), Some(1), Some(0)), ("2026-07-11".to_owned(), Some(2), Some(2))];
        assert_eq!(days.iter().map(of).collect::<Vec<_>>(), wanted);
        assert_eq!(rows(&parts, By::Day, &TimeZone::UTC).len(), 1);
    }

    #[test]
    fn roles_without_a_quota_need_nobody_by_number() {
        let at = "2026-07-10T08:00:00Z";
        let parts = [
            part(1, at, Some("Son"), Some(2), (1, 1)),
            part(1, at, Some("plateau"), None, (2, 3)),
            part(2, at, Some("SON"), Some(1), (0, 0)),
            part(3, at, None, None, (0, 4)),
        ];
        let row = |role_name: Option<&str>, missions, needed, (invited, accepted), open| CoverageRow {
            day: None,
            role_name: role_name.map(str::to_owned),
            missions,
            needed,
            invited,
            accepted,
            open,
        };
        let wanted = [
            row(Some("plateau"), 1, None, (2, 3), None),
            row(Some("Son"), 2, Some(3), (1, 1), Some(2)),
            row(None, 1, None, (0, 4), None),
        ];
        assert_eq!(rows(&parts, By::Role, &paris()), wanted);
        assert_eq!(total(&parts), row(None, 3, Some(3), (3, 8), Some(2)));
        assert_eq!(total(&[]), CoverageRow::default());
    }

    #[test]
    fn one_too_many_fills_no_other_place() {
        let at = "2026-07-10T08:00:00Z";
        let parts = [part(1, at, Some("son"), Some(1), (0, 2)), part(2, at, Some("son"), Some(1), (0, 0))];
        assert_eq!((total(&parts).accepted, total(&parts).open), (2, Some(1)));
    }
}
