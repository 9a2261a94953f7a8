//! When the availabilities of a series are.

use super::model::{Repeat, Weekday};
use crate::{error::FieldError, resources::missions, timestamp::Timestamp};
use jiff::{ToSpan, civil, tz::TimeZone};

/// The most of a series: two years of weeks.
pub const MOST: usize = 104;

/// The periods of a series, by start: the first, and one as long by the wall clock on each of the days after it. A start that the
/// clocks leave out is moved on by the gap, one that there is twice is the first, as of a copied mission.
///
/// # Errors
/// The member of `repeat` that is wrong.
pub fn repeated(
    first: (Timestamp, Timestamp),
    repeat: &Repeat,
    zone: &TimeZone,
) -> Result<Vec<(Timestamp, Timestamp)>, FieldError> {
    let mistake = |member: &str, rule: &str| FieldError::invalid(format!("/repeat/{member}"), rule);
    if !(1..=7).contains(&repeat.days.len()) {
        return Err(mistake("days", "must have 1 to 7 items"));
    }
    let begins = first.0.in_zone(zone).datetime();
    let repeats = |date: civil::Date| repeat.days.contains(&Weekday::of(date.weekday()));
    if !repeats(begins.date()) {
        return Err(mistake("days", "must have the day of start_at in the organisation's time zone"));
    }
    if repeat.until < first.0 {
        return Err(mistake("until", "must not be before start_at"));
    }
    // One that is out of the range of instants is behind `until`, which is within it.
    let start_on = |date: civil::Date| {
        let start = zone.to_ambiguous_zoned(date.to_datetime(begins.time())).compatible().ok()?;
        Timestamp::try_from(start.timestamp()).ok().filter(|start| *start <= repeat.until)
    };
    let mut periods = vec![first];
    let mut date = begins.date();
    while let Ok(next) = date.checked_add(1.day()) {
        date = next;
        if !repeats(date) {
            continue;
        }
        let Some(start) = start_on(date) else { break };
        let Some(end) = missions::as_long_by_the_clock(first, start, zone) else {
            return Err(mistake("until", "makes one that would end after the year 2200"));
        };
        if periods.last().is_some_and(|(_, last)| *last > start) {
            return Err(mistake("days", "are too close together: one would begin before the last has ended"));
        }
        if periods.len() == MOST {
            return Err(mistake("until", "makes more than 104 of them; send the rest in another request"));
        }
        periods.push((start, end));
    }
    Ok(periods)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Weekday::{Friday, Monday, Saturday, Sunday, Tuesday};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn series(first: (&str, &str), days: &[Weekday], until: &str) -> Result<Vec<String>, FieldError> {
        let zone = TimeZone::get("Europe/Paris").expect("a zone");
        let repeat = Repeat { days: days.to_vec(), until: at(until) };
        let clock = |at: Timestamp| at.in_zone(&zone).strftime("%a %d %R%z").to_string();
        let periods = repeated((at(first.0), at(first.1)), &repeat, &zone)?;
        Ok(periods.into_iter().map(|(start, end)| format!("{} - {}", clock(start), clock(end))).collect())
    }

    fn refused(first: (&str, &str), days: &[Weekday], until: &str) -> String {
        series(first, days, until).expect_err("it is refused").pointer
    }

    #[test]
    fn the_wall_clock_stays_when_the_clocks_change() {
        let autumn = series(
            ("2026-10-23T18:00:00Z", "2026-10-23T20:00:00Z"),
            &[Monday, Friday, Sunday],
            "2026-10-30T19:00:00Z",
        );
        assert_eq!(
            autumn.expect("a series"),
            [
                "Fri 23 20:00+0200 - Fri 23 22:00+0200",
                "Sun 25 20:00+0100 - Sun 25 22:00+0100",
                "Mon 26 20:00+0100 - Mon 26 22:00+0100",
                // It starts at the very last instant.
                "Fri 30 20:00+0100 - Fri 30 22:00+0100",
            ]
        );
        // A whole night, of which one has an hour more, and one an hour less.
        for (first, until, nights) in [
            (
                ("2026-10-17T20:00:00Z", "2026-10-18T04:00:00Z"),
                "2026-10-25T00:00:00Z",
                ["Sat 17 22:00+0200 - Sun 18 06:00+0200", "Sat 24 22:00+0200 - Sun 25 06:00+0100"],
            ),
            (
                ("2027-03-20T21:00:00Z", "2027-03-21T05:00:00Z"),
                "2027-03-28T00:00:00Z",
                ["Sat 20 22:00+0100 - Sun 21 06:00+0100", "Sat 27 22:00+0100 - Sun 28 06:00+0200"],
            ),
        ] {
            assert_eq!(series(first, &[Saturday], until).expect("a series"), nights);
        }
        // Half past two is left out, and there twice.
        let spring =
            series(("2027-03-21T01:30:00Z", "2027-03-21T03:00:00Z"), &[Sunday], "2027-03-29T00:00:00Z");
        assert_eq!(spring.expect("a series")[1], "Sun 28 03:30+0200 - Sun 28 05:00+0200");
        let autumn =
            series(("2026-10-18T00:30:00Z", "2026-10-18T02:00:00Z"), &[Sunday], "2026-10-26T00:00:00Z");
        assert_eq!(autumn.expect("a series")[1], "Sun 25 02:30+0200 - Sun 25 04:00+0100");
    }

    #[test]
    fn days_are_those_of_the_zone() {
        // Sunday evening in UTC.
        let first = ("2026-07-05T22:30:00Z", "2026-07-06T04:00:00Z");
        assert_eq!(series(first, &[Monday], "2026-07-13T00:00:00Z").expect("a series").len(), 2);
        assert_eq!(refused(first, &[Sunday], "2026-07-13T00:00:00Z"), "/repeat/days");
        // Once, and the same day named twice.
        assert_eq!(series(first, &[Monday, Monday], "2026-07-05T22:30:00Z").expect("a series").len(), 1);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let first = ("2026-07-06T08:00:00Z", "2026-07-06T18:00:00Z");
        let until = "2026-07-20T00:00:00Z";
        assert_eq!(refused(first, &[], until), "/repeat/days");
        assert_eq!(refused(first, &[Monday; 8], until), "/repeat/days");
        assert_eq!(refused(first, &[Tuesday], until), "/repeat/days");
        assert_eq!(refused(first, &[Monday], "2026-07-06T07:59:59Z"), "/repeat/until");
        // A week and a minute, each week.
        let long = (first.0, "2026-07-13T08:01:00Z");
        assert_eq!(refused(long, &[Monday], until), "/repeat/days");
        let week = (first.0, "2026-07-13T08:00:00Z");
        assert_eq!(series(week, &[Monday], until).expect("a series").len(), 2);
        let last = "2028-06-26T08:00:00Z";
        assert_eq!(series(first, &[Monday], last).expect("a series").len(), MOST);
        assert_eq!(refused(first, &[Monday], "2028-07-03T08:00:00Z"), "/repeat/until");
        // The second would begin within the range of instants, and end behind it.
        let last_weeks = ("2200-12-22T08:00:00Z", "2200-12-27T08:00:00Z");
        assert_eq!(refused(last_weeks, &[Monday], "2200-12-31T00:00:00Z"), "/repeat/until");
    }

    #[test]
    fn what_would_be_behind_the_last_instant_is_behind_until() {
        let last = ("2200-12-29T08:00:00Z", "2200-12-29T18:00:00Z");
        assert_eq!(series(last, &[Monday], "2200-12-31T00:00:00Z").expect("a series").len(), 1);
        assert_eq!(series(last, &[Monday, Tuesday], "2200-12-31T00:00:00Z").expect("a series").len(), 2);
        // The next would begin within the range, and end behind it; but it is not asked for.
        let weeks = ("2200-12-22T08:00:00Z", "2200-12-27T08:00:00Z");
        assert_eq!(series(weeks, &[Monday], "2200-12-28T00:00:00Z").expect("a series").len(), 1);
    }
}
