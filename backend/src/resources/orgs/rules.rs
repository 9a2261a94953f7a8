//! Who may change whom, and when the morning is.

use super::refusal::{RankTooLow, Superior};
use crate::{error::Error, role::Role, text::ZoneName, timestamp::Timestamp};
use jiff::{ToSpan, civil::time};

/// Nobody grants a role above their own.
///
/// # Errors
/// [`RankTooLow`].
pub fn may_grant(own: Role, granted: Role) -> Result<(), Error> {
    if granted > own { Err(RankTooLow { role: granted }.into()) } else { Ok(()) }
}

/// Nobody changes a member whose role is higher.
///
/// # Errors
/// [`Superior`].
pub fn may_change(own: Role, theirs: Role) -> Result<(), Error> {
    if theirs > own { Err(Superior { role: theirs }.into()) } else { Ok(()) }
}

/// The next 8 o'clock after `now`, by the wall clock of this zone.
///
/// # Errors
/// For a zone that is not in the database of this program.
pub fn next_morning(now: Timestamp, timezone: &str) -> Result<Timestamp, Error> {
    let zone = ZoneName::zone(timezone).map_err(|error| Error::internal(error))?;
    let today = now.in_zone(&zone).date();
    for days in 0..=1 {
        let day = today.checked_add(days.days()).map_err(|error| Error::internal(error))?;
        let morning = day.to_datetime(time(8, 0, 0, 0)).to_zoned(zone.clone());
        let morning = Timestamp::from_micros(
            morning.map_err(|error| Error::internal(error))?.timestamp().as_microsecond(),
        );
        if morning > now {
            return Ok(morning);
        }
    }
    Ok(now.plus_seconds(24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_morning_is_at_eight_whatever_the_clock_does() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        for (now, zone, next) in [
            ("2027-03-27T06:59:59Z", "Europe/Paris", "2027-03-27T07:00:00Z"),
            ("2027-03-27T07:00:00Z", "Europe/Paris", "2027-03-28T06:00:00Z"),
            ("2027-03-28T06:00:00Z", "Europe/Paris", "2027-03-29T06:00:00Z"),
            ("2027-10-30T06:00:00Z", "Europe/Paris", "2027-10-31T07:00:00Z"),
            ("2027-11-06T12:00:00Z", "America/New_York", "2027-11-07T13:00:00Z"),
            ("2027-04-03T12:00:00Z", "Australia/Lord_Howe", "2027-04-03T21:30:00Z"),
        ] {
            assert_eq!(next_morning(at(now), zone).expect("a morning"), at(next), "{now} in {zone}");
        }
    }
}
