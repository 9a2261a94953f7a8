//! Instants in the API and the databases.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use std::{fmt, str::FromStr, time::Duration};
use utoipa::openapi::{
    RefOr,
    schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type},
};

/// An instant in UTC with microsecond precision, between the years 1970 and 2200.
///
/// Both databases store it as a 64-bit count of microseconds since the Unix epoch, because text dates in SQLite sort
/// correctly only if every writer formats them alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, sea_orm::DeriveValueType)]
pub struct Timestamp(i64);

/// Why a text is not an instant; the message completes a sentence for the client.
#[derive(Debug, thiserror::Error)]
pub enum TimestampError {
    #[error(
        "must be a date, a time and its offset from UTC, like 2025-09-10T11:00:00+02:00 or 2025-09-10T09:00:00Z"
    )]
    Form,
    /// A local time without an offset.
    #[error(
        "has no offset from UTC; put it behind the time, like +02:00 in 2025-09-10T11:00:00+02:00, or Z for UTC itself"
    )]
    NoOffset,
    #[error("is no day of the calendar, or no time of a day")]
    NoSuchDay,
    #[error("must lie between the years 1970 and 2200")]
    Range,
}

impl Timestamp {
    /// 2201-01-01T00:00:00Z, the first instant out of range.
    const END: i64 = 7_289_654_400_000_000;

    /// Longest mission or availability, in seconds: 31 calendar days, and a day for clock changes and the date line. A CHECK in
    /// the schema has the same number.
    pub const LONGEST_PERIOD: i64 = 32 * 24 * 3600;

    /// A period that is still running at this instant cannot have started before; bounds an index scan.
    #[must_use]
    pub const fn earliest_start(self) -> Self {
        self.plus_seconds(-Self::LONGEST_PERIOD)
    }

    /// From microseconds since the Unix epoch. The range is not checked.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, as in JWT claims.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by `seconds`, which may be negative.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    pub fn in_zone(self, zone: &jiff::tz::TimeZone) -> jiff::Zoned {
        jiff::Timestamp::from(self).to_zoned(zone.clone())
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The instant so long before.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl From<Timestamp> for jiff::Timestamp {
    fn from(at: Timestamp) -> Self {
        jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl TryFrom<jiff::Timestamp> for Timestamp {
    type Error = TimestampError;

    fn try_from(at: jiff::Timestamp) -> Result<Self, TimestampError> {
        let micros = at.as_microsecond();
        if (0..Self::END).contains(&micros) { Ok(Self(micros)) } else { Err(TimestampError::Range) }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// RFC 3339 with an offset; digits after the microseconds are cut off.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        // jiff also accepts forms outside RFC 3339.
        if !is_rfc3339(text.as_bytes()) {
            let naive = is_rfc3339(format!("{text}Z").as_bytes());
            return Err(if naive { TimestampError::NoOffset } else { TimestampError::Form });
        }
        text.parse::<jiff::Timestamp>().map_err(|_| TimestampError::NoSuchDay)?.try_into()
    }
}

/// `YYYY-MM-DDTHH:MM:SS`, an optional fraction, then `Z` or `±HH:MM`. jiff checks whether the day exists. Second 60 is
/// refused: jiff would accept it at any minute and change it to 59.
fn is_rfc3339(text: &[u8]) -> bool {
    let matches = |text: &[u8], pattern: &[u8]| {
        text.len() == pattern.len()
            && text.iter().zip(pattern).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'T' => byte.eq_ignore_ascii_case(&b'T'),
                other => byte == other,
            })
    };
    let Some((moment, mut rest)) = text.split_at_checked(19) else { return false };
    if let [b'.', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    let offset = match rest {
        [zulu] => zulu.eq_ignore_ascii_case(&b'Z'),
        [b'+' | b'-', time @ ..] => {
            matches(time, b"00:00") && time < b"24:".as_slice() && time[3..] < b"60"[..]
        }
        _ => false,
    };
    offset && matches(moment, b"0000-00-00T00:00:00") && moment[17..] < b"60"[..]
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        jiff::Timestamp::from(*self).fmt(f)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: std::borrow::Cow<'de, str> = serde::Deserialize::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<E: DeserializeError> Deserr<E> for Timestamp {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, E> {
        let kind = match value {
            Value::String(text) => match text.parse::<Timestamp>() {
                Ok(instant) => return Ok(instant),
                Err(error) => ErrorKind::Unexpected { msg: error.to_string() },
            },
            actual => ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] },
        };
        Err(take_cf_content(E::error::<V>(None, kind, at)))
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(
                "An instant: RFC 3339 with an offset, years 1970 to 2200, microseconds, no leap seconds; answers are in UTC.",
            ))
            .examples(["2026-07-10T08:00:00Z"])
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_prints_utc() {
        let at: Timestamp = "2025-09-10T11:00:00.123456789+02:00".parse().unwrap();
        assert_eq!(at.to_string(), "2025-09-10T09:00:00.123456Z");
    }

    #[test]
    fn refuses_what_is_not_an_instant_with_an_offset() {
        for text in [
            "",
            "2025-09-10",
            "2025-09-10T11:00:00",
            "2025-09-10 11:00:00Z",
            "2025-09-10T11:00:00+02:00[Europe/Paris]",
            "1969-12-31T23:59:59Z",
            "2201-01-01T00:00:00Z",
            "2025-13-10T11:00:00Z",
            "+002025-09-10T11:00:00Z",
            "2025-09-10T11Z",
            "20250910T110000Z",
            "2025-09-10T110000Z      ",
            "é025-09-10T11:00:00Z",
            "2025-09-10T09:00:00+02",
            "2025-09-10T09:00:00+0200",
            "2025-09-10T09:00:00+02:00:30",
            "2025-09-10T09:00:00+25:59",
            "2025-09-10T09:00:00+02:60",
            "2025-09-10T09+01:00:00",
            "2025-09-10T09:00:00.Z",
            "2025-02-30T09:00:00Z",
            "2025-09-10T09:00:60Z",
            "2025-09-10T09:00:60.999+02:00",
            "2016-12-31T23:59:60Z",
            "2025-09-10T09:60:00Z",
            "2025-09-10T24:00:00Z",
            "2025-09-10T09:00:00Z ",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text} was accepted");
        }
        assert!("2200-12-31T23:59:59.999999Z".parse::<Timestamp>().is_ok());
        assert!("1970-01-01T00:00:00Z".parse::<Timestamp>().is_ok());
    }
}
